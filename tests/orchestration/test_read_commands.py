"""The commands that read what was published, on real releases in a real home."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from nights import threatcast
from response_kit import SURGE, night
from small_release import BUILT_AT, make_release, write_warehouse
from threatcast_orchestration import cli
from threatcast_orchestration.response.warning_events import open_record
from threatcast_orchestration.run.home import Home
from threatcast_publishing.catalog import current
from threatcast_publishing.marks import mark_of

SIMULATED_LINE = mark_of("sample", date.min).closing

WORDS = [sys.executable, "-m", "threatcast_orchestration.cli"]


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return (self.out + self.err).strip().splitlines()[-1]


Command = Callable[..., Result]


@pytest.fixture
def command(monkeypatch, capfd) -> Command:
    """Run the command line in this process, through its own `main`."""

    def run(*words: str, home: Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["threatcast", *words, "--home", str(home)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Result(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="module")
def published_home(tmp_path_factory) -> Path:
    """A home with three releases: one real, two simulated, of which the last is current."""
    home = tmp_path_factory.mktemp("home")
    warehouse = write_warehouse(home / "w.duckdb")
    for hours, source in enumerate(("mirror", "sample", "sample")):
        make_release(
            warehouse,
            home / "releases",
            source=source,
            commit=str(hours) * 40,
            built_at=BUILT_AT + timedelta(hours=hours),
        )
    (home / "source.json").write_text('{"source": "sample"}')
    return home


@pytest.fixture
def full_home(published_home, tmp_path) -> Path:
    """A copy that the test may change."""
    home = tmp_path / "full"
    shutil.copytree(published_home, home, symlinks=True)
    return home


@pytest.fixture
def real_home(full_home) -> Path:
    """A home whose only release is a real one."""
    for folder in (full_home / "releases").glob("simulated-*"):
        shutil.rmtree(folder)
    (name,) = [path.name for path in (full_home / "releases").glob("2026-*")]
    link = full_home / "releases" / "current"
    link.unlink()
    link.symlink_to(name)
    return full_home


READING = [
    ("status",),
    ("query", "FROM outlook"),
    ("releases", "show"),
    ("releases", "verify"),
    ("releases", "rollback"),
]


# what all of them share


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_home_without_a_release_exits_with_4_and_says_how_to_make_one(command, tmp_path, words):
    result = command(*words, home=tmp_path / "none")
    assert (result.code, result.out) == (4, "")
    assert "threatcast run" in result.err
    assert str(tmp_path / "none") in result.err
    assert not (tmp_path / "none").exists(), "reading makes nothing"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("query", "FROM outlook", "--release", "2020-01-01"), "release '2020-01-01' is not known"),
        (("releases", "show", "2020-01-01"), "release '2020-01-01' is not known"),
        (("releases", "verify", "2020-01-01"), "release '2020-01-01' is not known"),
        (("releases", "rollback", "2020-01-01"), "release '2020-01-01' is not known"),
        (("query", "FROM outlook", "--format", "xml"), "--format: 'xml' is none of table, csv,"),
        (("query", "FROM outlook", "--format", "csv", "--json"), "--json and --format csv ask for"),
        (("query", "FROM nowhere"), "Table with name nowhere does not exist"),
        (("query",), "Missing argument"),
        (
            ("run", "--source", "internet"),
            "--source: 'internet' is none of live, mirror, starter, sample",
        ),
        (("run", "--as-of", "yesterday"), "as_of is 'yesterday': it is not a day"),
        (("run", "--source", "mirror", "--mirror", "/no/folder"), "/no/folder is not a folder"),
        (("serve", "--port", "99999"), "Invalid value for '--port'"),
        (("serve", "--host", "no such host"), "Cannot listen on no such host"),
        (("status", "--nonsense"), "No such option: --nonsense"),
        (("nonsense",), "No such command 'nonsense'"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_wrong_value_exits_with_2_and_says_which(command, published_home, words, said):
    result = command(*words, home=published_home)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("words", [*READING[:1], *READING[2:3], *READING[4:]], ids=" ".join)
def test_last_line_says_simulated_for_simulated_releases_alone(command, full_home, words):
    assert command(*words, home=full_home).last == SIMULATED_LINE


@pytest.mark.parametrize("words", [("status",), ("query", "FROM outlook"), ("releases", "show")])
def test_real_release_is_never_called_simulated(command, real_home, words):
    result = command(*words, home=real_home)
    assert result.code == 0
    assert "SIMULATED" not in result.out + result.err


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--json"),
        ("query", "FROM outlook", "--json"),
        ("releases", "list", "--json"),
        ("releases", "show", "--json"),
        ("releases", "verify", "--json"),
        ("releases", "rollback", "--json"),
        ("doctor", "--json"),
    ],
    ids=" ".join,
)
def test_json_is_one_document_on_standard_output(command, full_home, words):
    result = command(*words, home=full_home)
    assert result.code == 0
    assert json.loads(result.out)


HELP = ("", "run", "query", "releases", "releases verify", "serve", "status", "doctor", "feeds")


@pytest.mark.parametrize("words", HELP)
def test_help_comes_in_under_a_second(words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*WORDS, *words.split(), "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # what the processor did, so that a busy machine does not matter
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_version_is_the_installed_one():
    from importlib.metadata import version

    result = subprocess.run([*WORDS, "--version"], check=True, capture_output=True, text=True)
    assert result.stdout == f"threatcast {version('threatcast')}\n"


# query


def test_query_prints_a_table_with_its_release_and_mark_on_standard_error(command, published_home):
    sql = "SELECT location, expected_4w FROM outlook WHERE location = 'NA' ORDER BY ALL"
    result = command("query", sql, home=published_home)
    assert result.out == (
        "location  expected_4w\n--------  -----------\nNA                200\nNA\n(2 rows)\n"
    )
    name = current(published_home / "releases")
    assert result.err == f"From {name}.\n{SIMULATED_LINE}\n"


def test_quiet_query_still_says_that_rows_are_simulated(command, published_home):
    result = command("query", "SELECT 1 AS one", "--format", "csv", "--quiet", home=published_home)
    assert result.out == '"one"\n1\n'
    assert result.err == f"{SIMULATED_LINE}\n"


def test_query_of_an_older_release_by_the_beginning_of_its_name(command, published_home):
    result = command(
        "query", "SELECT count(*) AS n FROM outlook", "--release", "2026-06-14", "--json",
        home=published_home,
    )  # fmt: skip
    assert json.loads(result.out) == [{"n": 15}]
    assert result.err.startswith("From 2026-06-14-")
    assert "SIMULATED" not in result.err


def test_beginning_of_a_name_that_two_releases_share_is_refused(command, published_home):
    result = command("query", "SELECT 1", "--release", "simulated-2026", home=published_home)
    assert result.code == 2
    assert "is not unique" in result.err
    assert result.err.count("simulated-2026-06-14-") == 2


@pytest.mark.parametrize(
    "sql", ["DROP TABLE outlook", "CREATE TABLE x (y INT)", "COPY outlook TO 'x.csv'"]
)
def test_query_cannot_change_or_write_anything(command, published_home, sql):
    before = digest(published_home)
    result = command("query", sql, home=published_home)
    assert result.code == 2
    assert digest(published_home) == before


def digest(home: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in home.rglob("*")}


def test_parquet_goes_to_a_pipe_as_bytes(published_home):
    result = subprocess.run(
        [*WORDS, "query", "FROM outlook", "--format", "parquet", "--home", str(published_home)],
        check=True,
        capture_output=True,
    )
    assert pq.read_table(io.BytesIO(result.stdout)).num_rows == 15
    assert result.stderr.decode().endswith(f"{SIMULATED_LINE}\n")


def test_parquet_is_refused_on_a_terminal(published_home):
    ours, theirs = pty.openpty()
    result = subprocess.run(
        [*WORDS, "query", "FROM outlook", "--format", "parquet", "--home", str(published_home)],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert result.returncode == 2
    assert result.stderr.startswith("threatcast: Parquet is not for a screen.")


def test_reader_that_stops_early_causes_no_trace(published_home):
    process = subprocess.Popen(
        [*WORDS, "query", "FROM activity_weekly, range(100)", "--format", "csv", "--home",
         str(published_home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    complaints = process.stderr.read().decode()
    process.wait(20)
    process.stderr.close()
    assert "Traceback" not in complaints
    assert "Exception" not in complaints


# releases


def test_list_shows_each_release_and_which_is_current(command, published_home):
    rows = json.loads(command("releases", "list", "--json", home=published_home).out)
    assert len(rows) == 3
    assert [row["release_id"] for row in rows if row["current"]] == [
        current(published_home / "releases")
    ]
    shown = command("releases", "list", home=published_home).out
    assert all(row["release_id"] in shown for row in rows)


def test_list_of_an_empty_home_is_empty(command, tmp_path):
    assert command("releases", "list", "--json", home=tmp_path).out == "[]\n"
    result = command("releases", "list", home=tmp_path)
    assert (result.code, result.out.startswith("There is no release in ")) == (0, True)


def test_diff_shows_what_differs_and_where_its_causes_stand(command, published_home):
    result = command("releases", "diff", "2026", home=published_home)
    assert result.code == 0
    assert "(0 rows)" in result.out, "the same outlook from another source"
    assert "FROM changes" in result.err
    result = command("releases", "diff", "2026", "--json", home=published_home)
    assert json.loads(result.out) == []


def test_list_names_releases_that_it_had_to_leave_out(command, full_home):
    (damaged,) = (full_home / "releases").glob("2026-*")
    (damaged / "manifest.json").write_text("{")
    result = command("releases", "list", home=full_home)
    assert damaged.name not in result.out
    assert f"threatcast releases verify {damaged.name}" in result.err


def test_show_says_what_a_release_was_made_of(command, published_home):
    out = command("releases", "show", "2026-06-14", home=published_home).out
    for line in ("as_of: 2026-06-14", f"commit: {'0' * 40}", "settings: horizon=12"):
        assert line in out.splitlines()
    assert re.search(r"outlook +│ +15 ", out)


def test_verify_of_an_intact_release_exits_with_0(command, published_home):
    result = command("releases", "verify", home=published_home)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("files as the manifest says\n")


def test_verify_of_a_damaged_release_exits_with_1_and_names_the_file(command, full_home):
    name = current(full_home / "releases")
    (full_home / "releases" / str(name) / "csv" / "outlook.csv").write_text("x")
    result = command("releases", "verify", home=full_home)
    assert result.code == 1
    assert result.out.startswith("changed: csv/outlook.csv (1 bytes, not ")
    assert "1 problems" in result.err
    facts = json.loads(command("releases", "verify", "--json", home=full_home).out)
    assert (facts["ok"], facts["problems"][0]["path"]) == (False, "csv/outlook.csv")


def test_rollback_goes_one_back_and_forward_again_by_name(command, full_home):
    releases = full_home / "releases"
    newest = current(releases)
    assert command("releases", "rollback", home=full_home).code == 0
    before = current(releases)
    assert before != newest
    assert command("releases", "rollback", str(newest), home=full_home).code == 0
    assert current(releases) == newest
    assert len(list(releases.glob("*2026-06-14-*"))) == 3, "nothing is deleted"


def test_rollback_withdraws_the_warnings_of_the_release_and_tells_so(command, full_home):
    home, newest = Home(full_home), current(full_home / "releases")
    home.playbooks.mkdir()
    (home.playbooks / "duty.yaml").write_text("channel: {kind: file, path: told.jsonl}\n")
    night(home, SURGE, release=newest)
    result = command("releases", "rollback", home=full_home)
    assert f"Warnings counted anew for {newest}; 1 messages say so." in result.err
    (warning,) = json.loads(command("warnings", "list", "--all", "--json", home=full_home).out)
    assert warning["state"] == "withdrawn"
    told = [json.loads(line) for line in (full_home / "told.jsonl").read_text().splitlines()]
    assert [message["form"] for message in told] == ["warning", "end"]
    assert told[1]["text"].startswith("SIMULATED Threatcast: No longer so: ")
    command("releases", "rollback", str(newest), home=full_home)
    (warning,) = json.loads(command("warnings", "list", "--json", home=full_home).out)
    assert warning["state"] == "open"


def test_rollback_that_cannot_withdraw_warnings_says_what_is_current(command, full_home):
    newest = current(full_home / "releases")
    night(Home(full_home), SURGE, release=newest)
    with open_record(Home(full_home)):
        result = command("releases", "rollback", home=full_home)
    before = current(full_home / "releases")
    assert result.code == 75
    assert f"The current release is {before}, but the warnings of later ones were not" in result.err
    assert command("releases", "rollback", str(before), home=full_home).code == 0
    assert command("warnings", "list", "--json", home=full_home).out.strip() == "[]"


def test_rollback_to_a_damaged_release_is_refused_and_current_stays(command, full_home):
    (damaged,) = (full_home / "releases").glob("2026-*")
    (damaged / "csv" / "outlook.csv").write_text("x")
    newest = current(full_home / "releases")
    result = command("releases", "rollback", damaged.name, home=full_home)
    assert result.code == 1
    assert "does not verify" in result.err
    assert current(full_home / "releases") == newest


def test_rollback_waits_for_no_other_run(command, full_home):
    from threatcast_orchestration.run.lock import run_lock

    newest = current(full_home / "releases")
    with run_lock(full_home / "run.lock"):
        result = command("releases", "rollback", home=full_home)
    assert result.code == 75
    assert current(full_home / "releases") == newest


# status


def test_status_names_stale_feeds_with_their_reason_and_outlooks_by_state(command, published_home):
    facts = json.loads(command("status", "--json", home=published_home).out)
    stale = [feed for feed in facts["feeds"] if feed["state"] == "stale"]
    assert [feed["feed"] for feed in stale] == ["ddosia_targets"]
    assert stale[0]["reason"] == "nothing since 2026-05-01, limit 21 days"
    assert stale[0]["newest_vintage"] == "2026-06-13"
    assert facts["simulated"] is True
    outlooks = {row.pop("target"): row for row in facts["outlooks"]}
    assert outlooks["ransomware_claims"]["published"] == 5
    assert outlooks["ransomware_claims"]["insufficient_evidence"] == 2
    assert outlooks["ddos_targets"]["source_failure"] == 7
    assert outlooks["phishing_mix"]["withheld"] == 1
    shown = command("status", home=published_home).out
    for text in (
        "nothing since 2026-05-01",
        "5 outlooks published of 15.",
        "releases/current/site",
    ):
        assert text in shown
    assert "- World: about 1,200 events in the next 4 weeks." in shown


def test_status_says_when_and_why_the_published_model_of_a_target_last_changed(command, tmp_path):
    warehouse = write_warehouse(tmp_path / "w.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "INSERT INTO published.model_changes (target, since, action, until, model_before, "
            "model, decided_by, reason) VALUES "
            "('ransomware_claims', '2026-05-01', 'promote', '2026-05-31', 'champion', 'flat', "
            "'gate', 'better by a tenth'), "
            "('ransomware_claims', '2026-06-01', 'rollback', NULL, 'flat', 'champion', "
            "'person', 'too wide \x1b[31m')"
        )
    make_release(warehouse, tmp_path / "releases", source="mirror")
    facts = json.loads(command("status", "--json", home=tmp_path).out)
    assert [one["since"] for one in facts["model_changes"]] == ["2026-06-01"]
    out = command("status", home=tmp_path).out
    told = "from 2026-06-01 on champion is published instead of flat, decided by person: too wide"
    assert f"ransomware_claims: {told} \\x1b[31m" in out
    assert "better by a tenth" not in out


def test_quiet_status_keeps_what_needs_a_look(command, published_home):
    out = command("status", "--quiet", home=published_home).out
    assert "ddosia_targets" in out
    assert "openphish" not in out
    assert "threatcast query" not in out
    assert out.endswith(f"{SIMULATED_LINE}\n")


def test_status_after_a_failed_run_says_where_it_failed_and_what_is_current(command, full_home):
    failed = {
        "run_id": "0123456789",
        "as_of": "2026-06-15",
        "source": "sample",
        "release": None,
        "seconds": 12.5,
        "failed_checks": [],
        "failed_steps": [{"step": "release", "error": "the disk is full"}],
    }
    (full_home / "last_run.json").write_text(json.dumps(failed))
    newest = (full_home / "releases" / "current").readlink().name
    result = command("status", home=full_home)
    assert result.code == 0
    assert (
        "Last run: as of 2026-06-15, source sample, FAILED (release: the disk is full). The last "
        f"release {newest} stays current."
    ) in result.out


def test_status_names_warnings_and_that_current_was_changed_since(command, full_home):
    (older,) = (full_home / "releases").glob("2026-*")
    last = {
        "run_id": "0123456789",
        "as_of": "2026-06-14",
        "source": "sample",
        "release": older.name,
        "seconds": 300.1,
        "failed_checks": [
            {"asset": "forecasts", "check": "bounded", "severity": "WARN", "description": "2 of 9"}
        ],
        "failed_steps": [],
    }
    (full_home / "last_run.json").write_text(json.dumps(last))
    out = command("status", home=full_home).out
    assert "Last run: as of 2026-06-14, source sample, 300.1 seconds, run 01234567." in out
    assert "  WARN: forecasts, bounded: 2 of 9" in out
    assert f"  Since then the current release was changed from {older.name}." in out


def test_first_run_that_failed_is_told_although_there_is_no_release(command, tmp_path):
    (tmp_path / "last_run.json").write_text(
        json.dumps(
            {"as_of": "2026-06-15", "source": "live", "failed_steps": [{"step": "a", "error": "b"}]}
        )
    )
    result = command("status", home=tmp_path)
    assert result.code == 4
    assert "source live, FAILED (a: b)" in result.err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"as_of": 1}'])
def test_record_of_a_run_that_is_damaged_does_not_silence_status(command, full_home, text):
    (full_home / "last_run.json").write_text(text)
    assert command("status", home=full_home).code == 0


# serve


def test_serve_says_where_follows_a_rollback_and_ends_on_ctrl_c(full_home):
    process = subprocess.Popen(
        [*WORDS, "serve", "--port", "0", "--home", str(full_home)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        match = re.fullmatch(
            r"Serving (http://127\.0\.0\.1:\d+/) \((\S+)\)\. Ctrl-C ends\.\n", first
        )
        assert match is not None, first
        assert match[2] == current(full_home / "releases")
        assert b"SIMULATED" in read(match[1])
        assert threatcast("releases", "rollback", "2026", home=full_home).returncode == 0
        assert b"SIMULATED" not in read(match[1])
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=20)
        assert process.returncode == 0
        assert rest.count("GET / 200") == 2
        assert rest.endswith("Stopped.\n")
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 our own server
        return bytes(answer.read())


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_serve_that_a_script_started_stops_when_it_is_told(published_home, told):
    words = [*WORDS, "serve", "--port", "0", "--home", str(published_home)]
    server = subprocess.Popen(
        # interrupts are ignored, as a shell does for what a script starts with `&`
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "Serving http://" in server.stderr.readline()
    server.send_signal(told)
    try:
        assert server.wait(timeout=15) == 0
    finally:
        server.kill()


def test_serve_on_a_port_in_use_says_so(command, published_home):
    from threatcast_publishing.serve import make_server

    server = make_server(published_home / "releases", "127.0.0.1", 0)
    port = str(server.port)
    try:
        result = command("serve", "--port", port, home=published_home)
    finally:
        server.close()
    assert result.code == 2
    assert f"Cannot listen on 127.0.0.1, port {port}" in result.err


def test_long_query_ends_at_once_on_ctrl_c(published_home):
    process = subprocess.Popen(
        [*WORDS, "query", ENDLESS, "--home", str(published_home)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_until(lambda: has_open(process.pid, "threatcast.duckdb"))
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT
        assert process.communicate()[1] == b""
    finally:
        process.kill()
        process.communicate()


ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range"


def has_open(pid: int, name: str) -> bool:
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(FileNotFoundError):  # closed since it was listed
            if link.readlink().name == name:
                return True
    return False


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_interrupted_command_says_what_holds_and_exits_with_130(
    command, published_home, monkeypatch
):
    from threatcast_orchestration.commands import status

    # the signal is real; only its moment is chosen
    monkeypatch.setattr(status, "summary", lambda home: signal.raise_signal(signal.SIGINT))
    result = command("status", home=published_home)
    assert result.code == 130
    text = "threatcast: Interrupted. Nothing half-done is visible; the next run goes on.\n"
    assert result.err == text
