"""Texts of the site that stand in code: marked here, so that the catalogues hold them."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a text that is translated later
    """Return the text itself; Babel finds it by this mark."""
    return text
