"""`bulletin.pdf`: the front page, the world and its regions in English, printed by a Chromium.

The print says nothing that the pages beside it do not say, and whether a machine has a Chromium is
no part of what a release says: so the file has its place in the manifest, but none in the hash that
names the release. Without a Chromium, or if it fails, there is none, and the night's log says why.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from threatcast_publishing.manifest import BULLETIN as FILE_NAME
from threatcast_publishing.source import ReleaseContext

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120
"""Seconds that a print may take; it takes three on two quiet cores."""
_SITE = "site"
_PAGE = ".bulletin.html"
_INWARD = re.compile(r'<a href="(?!https?://)[^"]*"[^>]*>')
_NAMES = re.compile(r' (?:id|aria-labelledby)="[^"]*"')
_CLOCK = re.compile(rb"\(D:\d{14}\+00'00'\)")
_NODE = re.compile(rb"node\d{8}")


class Bulletin:
    """One PDF to print, send and file; there may be none."""

    name = "bulletin"
    after: tuple[str, ...] = ("site",)
    content_types: Mapping[str, str] = {".pdf": "application/pdf"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `bulletin.pdf` if it is asked for and can be had; else say why it cannot."""
        if not release.prints:
            return []
        try:
            printed = _printed(release, folder / _SITE)
        except (OSError, subprocess.SubprocessError) as error:
            release.notice(f"This release has no {FILE_NAME}: {error}")
            return []
        path = folder / FILE_NAME
        path.write_bytes(steady(printed, release.as_of))
        return [path]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that the file, if there is one, is a whole PDF without the clock."""
        path = folder / FILE_NAME
        if not path.is_file():
            return []
        content = path.read_bytes()
        problems = []
        if not (content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")):
            problems.append(f"{FILE_NAME} is no whole PDF")
        if {told[11:17] for told in _CLOCK.findall(content)} - {b"000000"}:
            problems.append(f"{FILE_NAME} holds the clock")
        return problems


def _printed(release: ReleaseContext, site: Path) -> bytes:
    """Return the print of the pages as Chromium makes it; the site is left as it was."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise OSError("there is no Chromium here to print it; install one, or set bulletin = false")
    page = site / _PAGE
    with tempfile.TemporaryDirectory(prefix="threatcast-bulletin-") as room:
        page.write_text(_page(release, site), encoding="utf-8")
        try:
            return _print(program, page, Path(room))
        finally:
            page.unlink()


def _page(release: ReleaseContext, site: Path) -> str:
    """Return the front page with the pages of the world and the regions behind it.

    Links within the site are taken off: on paper and in a mailbox they lead nowhere.
    """
    from threatcast_publishing.site.views import path_of

    front = (site / "index.html").read_text(encoding="utf-8")
    head, _, foot = front.partition("</main>")
    parts = [
        (site / path_of(row["location"])).read_text(encoding="utf-8")
        for row in release.tables["locations"].data.to_pylist()
        if row["location_level"] in ("world", "region")
    ]
    behind = "".join(f'<div class="sheet">{_content(part)}</div>' for part in parts)
    whole = f"{head}{behind}</main>{foot}"
    whole = re.sub(r"<script\b.*?</script>", "", whole)
    return _INWARD.sub("<a>", whole).replace(' loading="lazy"', "")


def _content(page: str) -> str:
    """Return what a place's page holds, as it stands behind the front page: no name comes twice."""
    content = page.partition('<main id="main">')[2].partition("</main>")[0]
    return _NAMES.sub("", content).replace('src="../charts/', 'src="charts/')


def _print(program: str, page: Path, room: Path) -> bytes:
    """Return the PDF of a page, printed without a network or a profile.

    Raises
    ------
    OSError
        If Chromium does not end in time, fails, or prints nothing.
    """
    pdf = room / FILE_NAME
    command = [
        program, "--headless", "--disable-gpu", "--disable-extensions", "--no-first-run",
        "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={room / 'profile'}",
        "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri(),
    ]  # fmt: skip
    if os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # Chromium refuses to shut root in
    environment = {**os.environ, "TZ": "UTC", "HOME": str(room)}
    started = subprocess.Popen(  # noqa: S603 a program of the system, our own words, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        code = started.wait(PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"Chromium did not print it within {PATIENCE} s") from error
    finally:
        _end(started)
    if code != 0 or not pdf.is_file():
        raise OSError(f"Chromium could not print it (it ended with {code})")
    return pdf.read_bytes()


def _end(started: subprocess.Popen[bytes]) -> None:
    """End what is left of Chromium and of the processes that it started."""
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    started.wait()


def steady(pdf: bytes, day: date) -> bytes:
    """Return a PDF dated by the as-of day, its nodes numbered from 1.

    Chromium dates it by the clock and numbers nodes from where it happens to stand. As many bytes
    as before and numbers in the same order, so that the PDF's tables of places and names hold.
    """
    dated = _CLOCK.sub(f"(D:{day:%Y%m%d}000000+00'00')".encode(), pdf)
    nodes = {name: b"node%08d" % at for at, name in enumerate(sorted(set(_NODE.findall(dated))), 1)}
    return _NODE.sub(lambda found: nodes[found.group()], dated)


FORMAT = Bulletin()
