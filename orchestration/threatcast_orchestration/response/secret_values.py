"""Values that only the environment holds: named in a playbook as `${NAME}`, and never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from threatcast_orchestration.errors import WrongUse

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def names_in(text: str) -> list[str]:
    """Return the variables that a text refers to.

    Examples
    --------
    >>> names_in("Bearer ${TOKEN}")
    ['TOKEN']
    """
    return REFERENCE.findall(text)


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Return a text with the values of its variables.

    Raises
    ------
    WrongUse
        Names the variable that is not set.
    """
    for name in names_in(text):
        if not environment.get(name):
            raise WrongUse(f"The environment has no {name}; set it where nights are started.")
    return REFERENCE.sub(lambda found: environment[found[1]], text)


def hidden(text: str, names: list[str], environment: Mapping[str, str]) -> str:
    """Return a text in which the values of variables are their names again.

    What libraries say of a failure may quote the address that they were given.
    """
    values = {name: environment.get(name, "") for name in names}
    # the longest first, for one value may be a part of another
    for name, value in sorted(values.items(), key=lambda one: -len(one[1])):
        if value:
            text = text.replace(value, f"${{{name}}}")
    return text
