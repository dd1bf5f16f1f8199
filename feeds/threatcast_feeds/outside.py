"""Text from outside in our own messages: escaped and cut here, and nowhere else.

Names of columns, members, files and pages come from whoever made them. Written raw into a
message they could move a terminal's cursor, turn the reading direction, forge a second log line,
or make a message of megabytes. Every error, outcome, log line and message passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_NAME = 60
MOST_NAMES = 10
MOST_SAMPLE = 300
MOST_MESSAGE = 2_000


def escaped(text: str, keep: str = "") -> str:
    r"""Return text in which all that does not print is written as an escape.

    Parameters
    ----------
    text : str
        Any text, lone surrogates included.
    keep : str
        Characters to leave as they are, such as line feeds of a longer message.

    Examples
    --------
    >>> escaped("a\x1b[31m\u202eb\ud83d")
    'a\\x1b[31m\\u202eb\\ud83d'
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in keep else one.encode("unicode_escape").decode()
        for one in text
    )


def shown(text: str, most: int = MOST_NAME, keep: str = "") -> str:
    r"""Return text as a message may show it: escaped, and cut with its length said.

    Examples
    --------
    >>> shown("colour\x07"), shown("x" * 3_000_000, 4)
    ('colour\\x07', 'xxxx… (3,000,000 characters)')
    """
    if len(text) <= most:
        return escaped(text, keep)
    return f"{escaped(text[:most], keep)}… ({len(text):,} characters)"


def named(names: Sequence[str]) -> str:
    """Return names as a message may list them: the first ones, each cut, and how many more.

    Examples
    --------
    >>> named(["country", "published"])
    'country, published'
    """
    listed = ", ".join(shown(name) for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return f"{listed} and {more:,} more" if more > 0 else listed


# what JSON may hold raw in a text, and a terminal should not be shown raw
_UNPRINTED = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def safe_json(document: str) -> str:
    r"""Return a JSON document that says the same and can be shown on a terminal.

    Examples
    --------
    >>> safe_json('{"name": "\u202ex"}')
    '{"name": "\\u202ex"}'
    """
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
