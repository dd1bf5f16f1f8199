"""What a source or a file wrote reaches terminals, logs and webhooks escaped and cut."""

from __future__ import annotations

import json
import logging

import pytest
from in_process import threatcast
from threatcast_orchestration.cli import _PlainLines
from threatcast_orchestration.commands.options import print_json, print_table, remark, say
from threatcast_orchestration.feed_steps.pull import PullReport
from threatcast_orchestration.gates.gate_results import ExpectationResult
from threatcast_orchestration.nightly import alerts
from threatcast_orchestration.nightly.progress import Progress
from threatcast_orchestration.run.settings import Settings

HOSTILE = "\x1b]0;owned\x07\u202egpj.exe\x9b31m\ud83d"
ESCAPED = "\\x1b]0;owned\\x07\\u202egpj.exe\\x9b31m\\ud83d"


def test_header_of_a_panel_is_shown_escaped_and_cut(tmp_path):
    header = f"{HOSTILE[:-1]},{'x' * 3_000_000}"
    (tmp_path / "panel.csv").write_text(f"{header}\n1,2\n")
    done = threatcast("forecast", "panel.csv", "--out", "o", cwd=tmp_path)
    assert done.returncode == 2
    assert "column series_id, week, value is missing" in done.stderr
    assert done.stderr.strip().isprintable()
    assert len(done.stderr) < 9_000


def test_lines_and_tables_are_escaped(capsys):
    say(f"a\n{HOSTILE}")
    remark(HOSTILE)
    print_table([{"reason": HOSTILE}], ["reason"])
    with Progress(1) as progress:
        progress._line(f"warning: {HOSTILE}{'x' * 3_000_000}")
    shown = capsys.readouterr()
    assert shown.out.startswith(f"a\n{ESCAPED}\n")
    assert shown.out.count(ESCAPED) == 2
    assert shown.err.startswith(f"{ESCAPED}\nwarning: {ESCAPED}xxx")
    assert len(shown.err) < 6_000


def test_json_on_the_terminal_says_the_same(capsys):
    print_json({HOSTILE: HOSTILE})
    text = capsys.readouterr().out
    assert json.loads(text) == {HOSTILE: HOSTILE}
    assert not set(HOSTILE) - set(map(chr, range(32, 127))) & set(text)


def test_log_lines_of_libraries_are_escaped():
    record = logging.LogRecord("lib", logging.WARNING, "", 1, "got %r and %s", ("x", HOSTILE), None)
    assert _PlainLines("%(message)s").format(record) == f"got 'x' and {ESCAPED}"


def test_webhook_is_posted_escaped_and_cut(monkeypatch):
    posted = []

    class Answer:
        def raise_for_status(self) -> None: ...

    monkeypatch.setattr("httpx.post", lambda _url, json, **_: posted.append(json) or Answer())
    settings = Settings(webhook_url="https://hooks.example.org/x")
    details = {"failed": [{"error": HOSTILE + "x" * 3_000_000}], "run": 3}
    assert alerts.send(settings, "failure", HOSTILE, details)
    assert posted[0]["text"] == ESCAPED
    assert posted[0]["details"]["run"] == 3
    assert posted[0]["details"]["failed"][0]["error"].startswith(ESCAPED)
    assert len(json.dumps(posted)) < 6_000


def test_messages_of_a_pull_and_samples_of_a_gate_are_escaped():
    report = PullReport("cisa_kev")
    report.tell(f"stray file {HOSTILE}")
    assert report.messages == [f"stray file {ESCAPED}"]
    rule = ExpectationResult(
        "expect", {}, "rows", False, "critical", 1, 2, HOSTILE,
        [{"country": HOSTILE, "rows": 3}], "why", "cure", HOSTILE,
    )  # fmt: skip
    assert rule.sample == [{"country": ESCAPED, "rows": 3}]
    assert (rule.observed, rule.error) == (ESCAPED, ESCAPED)


@pytest.mark.parametrize("name", ["Île de La Réunion", "東京", "€ 20"])
def test_plain_text_of_any_script_stays_as_it_is(name, capsys):
    say(name)
    assert capsys.readouterr().out == f"{name}\n"
