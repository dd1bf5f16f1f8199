"""An environment of its own with the built wheel, as a stranger has it; no network is asked."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

STARTED = ("dbt-core", "dagster")
"""Packages whose programs a night starts."""


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel with the locked tools; returns its path."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=project, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(wheel: Path, folder: Path) -> Path:
    """Install the wheel beside the locked packages, where no checkout is seen; returns `bin`.

    A path file names the folder of the locked packages. Path files in there are not read, so that
    the editable install of the checkout stays out.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*words, "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for package in STARTED:
        for entry in distribution(package).entry_points.select(group="console_scripts"):
            script = folder / "bin" / entry.name
            script.write_text(
                f"#!{python}\nimport sys\nfrom {entry.module} import {entry.attr} as main\n"
                "sys.exit(main())\n"
            )
            script.chmod(0o755)
    return folder / "bin"
