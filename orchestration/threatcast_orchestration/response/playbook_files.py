"""The playbooks of a home, `HOME/playbooks/*.yaml`: read, or refused with line and cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from threatcast_feeds.outside import shown

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.response.playbooks import Playbook
from threatcast_orchestration.response.yaml_lines import YamlProblem, line_of, read_yaml
from threatcast_orchestration.run.home import Home

_KEPT = (
    "This playbook is not followed until that is mended; the others are. How to write one: "
    "docs/warnings.md. Try it with: threatcast warnings test NAME"
)


def read_playbooks(home: Home) -> tuple[list[Playbook], list[str]]:
    """Return the playbooks of a home by name, and what is wrong with those that cannot be read.

    One that is malformed does not keep the others from being followed.
    """
    found, problems = [], []
    for path in playbook_files(home):
        try:
            found.append(read_playbook(path))
        except WrongUse as error:
            problems.append(str(error))
    return found, problems


def playbook_files(home: Home) -> list[Path]:
    """Return the files of a home's playbooks, sorted."""
    return sorted(home.playbooks.glob("*.yaml"))


def read_playbook(path: Path) -> Playbook:
    """Return the playbook of a file.

    Raises
    ------
    WrongUse
        Names the file, each line that is wrong, and what would be right.
    """
    try:
        values, node = read_yaml(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise YamlProblem(1, "it holds no keys")
        if "name" in values:
            line = line_of(node, ["name"])
            raise YamlProblem(line, "a playbook is called as its file; take the name out")
        return Playbook.model_validate(values | {"name": path.stem})
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read ({error}). {_KEPT}") from error
    except YamlProblem as problem:
        raise WrongUse(f"{path}, line {problem.line}: {problem.what}. {_KEPT}") from problem
    except ValidationError as error:
        found = error.errors(include_url=False)
        # without its cause: that would quote what stands in the file, passwords included
        raise WrongUse("\n".join([*(_finding(path, node, one) for one in found), _KEPT])) from None


def _finding(path: Path, node: Any, detail: Any) -> str:
    place = [step for step in detail["loc"] if step not in ("webhook", "chat", "email", "file")]
    key = ".".join(map(str, place))
    said = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        said = "there is no such key"
    # what was written there is not repeated: it may be a secret
    return f"{path}, line {line_of(node, place)}: {shown(key)}: {said[0].lower() + said[1:]}."
