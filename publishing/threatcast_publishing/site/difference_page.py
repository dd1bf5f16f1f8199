"""The page of the difference between two releases, which a server fills in when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from threatcast_publishing.marks import Mark
from threatcast_publishing.site.assets import Assets
from threatcast_publishing.site.environment import environment_of
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.pages import Page
from threatcast_publishing.site.views import ReleaseViews

if TYPE_CHECKING:
    from threatcast_publishing.site.languages import Language
    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.source import ReleaseContext

TABLES = ("targets", "locations", "models")
"""Tables of the newer release that the page needs for its names and links."""


@dataclass(frozen=True)
class ReleasePair:
    """What is compared: two releases, how `old` is marked, and the rows that differ.

    `known` are all releases that may be compared, as `release_id` and `as_of`, the newest first.
    """

    old: str
    new: str
    old_day: date
    old_mark: Mark | None
    rows: Sequence[Row]
    known: Sequence[Row]

    @property
    def address(self) -> str:
        """Where the page lies, below the folder of its language."""
        return f"diff/{self.old}/{self.new}"


def difference_page(
    release: ReleaseContext, pair: ReleasePair, assets: Assets, of: Language
) -> str:
    """Return the page in one language.

    Parameters
    ----------
    release
        The newer one, with those of its tables that `TABLES` names.
    assets
        Style and script by their places below the server's root.
    """
    title = N_("What differs between two releases")
    page = Page(pair.address, "difference.html.j2", lambda language: language.words(title), pair)
    base = page.root + ("../" if of.folder else "")
    site = f"{base}releases/{pair.new}/"
    template = environment_of(of, ReleaseViews(release), assets).get_template(page.template)
    return template.render(
        page=page, root=f"{site}site/{of.folder}", base=base, files=site, form=f"{page.root}diff"
    )
