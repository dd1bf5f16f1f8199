"""YAML that people write: its values, and the line on which each stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml


class YamlProblem(Exception):  # noqa: N818 the name says what happened
    """A text that is no YAML of ours, and the line that shows it."""

    def __init__(self, line: int, what: str) -> None:
        self.line = line
        self.what = what
        super().__init__(f"line {line}: {what}")


def read_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """Return what a YAML text says, and its nodes, of which `line_of` finds the lines.

    Raises
    ------
    YamlProblem
        If it is no YAML, or says a key twice, of which YAML would silently take the later.
    """
    try:
        _refuse_aliases(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_twice(node)
        return yaml.safe_load(text), node
    except RecursionError as error:
        raise YamlProblem(1, "it is nested too deep") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(mark.line + 1 if mark else 1, str(error.problem)) from error
    except yaml.YAMLError as error:
        raise YamlProblem(1, " ".join(str(error).split())) from error


def line_of(node: yaml.Node | None, place: Sequence[str | int]) -> int:
    """Return the line of a key or item, else of the nearest thing around it."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == str(step)]
            if not found:  # a key that is absent, or a step that is not in the text
                continue
            line = found[0][0].start_mark.line + 1
            node = found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _refuse_aliases(text: str) -> None:
    """Refuse what stands for something else: it may stand for itself, or a millionfold."""
    for token in yaml.scan(text):
        if isinstance(token, yaml.AliasToken):
            line = token.start_mark.line + 1
            raise YamlProblem(line, f"*{token.value} stands for something else; write it out")


def _refuse_twice(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(item)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise YamlProblem(key.start_mark.line + 1, f"the key {key.value!r} stands twice")
            seen.add(key.value)
            _refuse_twice(value)
