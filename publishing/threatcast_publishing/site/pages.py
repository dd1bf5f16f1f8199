"""Which pages the site has, and how each is filled in: every page once a language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from threatcast_publishing.site.cards import card_of, model_cards
from threatcast_publishing.site.environment import environment_of, map_on
from threatcast_publishing.site.feeds import sheet_of
from threatcast_publishing.site.languages import Language
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.register import register_of
from threatcast_publishing.site.views import path_of

if TYPE_CHECKING:
    from threatcast_publishing.site.assets import Assets
    from threatcast_publishing.site.views import ReleaseViews


@dataclass(frozen=True)
class Page:
    """One page: its path below the folder of its language, its template and what it shows."""

    path: str
    template: str
    title: Callable[[Language], str]
    view: Any = None

    @property
    def root(self) -> str:
        """The way up from it to the folder of its language."""
        return "../" * self.path.count("/")


def pages_of(views: ReleaseViews) -> Iterator[Page]:
    """Yield all pages of a release."""
    yield Page("index.html", "front.html.j2", _words(N_("Cyber threats to expect")))
    yield Page("places/index.html", "places.html.j2", _words(N_("Places")))
    for place in views.places.values():
        name = place.row["location_name"]
        yield Page(path_of(place.location), "place.html.j2", _named(place.location, name), place)
    for threat in views.threats:
        title = _data(threat.facts.get("title") or threat.target)
        yield Page(f"threats/{threat.target}.html", "threat.html.j2", title, threat)
    for grouping in views.groupings:
        path = f"groupings/{grouping.grouping.lower()}.html"
        yield Page(path, "grouping.html.j2", _data(grouping.name), grouping)
    for feed in views.feeds:
        title = _told(N_("Data sheet"), feed.title)
        yield Page(sheet_of(feed.key), "sheet.html.j2", title, feed)
    for card in model_cards(views):
        title = _told(N_("Model card"), views.models[card.model])
        yield Page(card_of(card.model), "card.html.j2", title, card)
    yield Page("warnings.html", "warnings.html.j2", _words(N_("Warnings")))
    yield Page("record.html", "record.html.j2", _words(N_("Our record")))
    yield Page("feeds.html", "feeds.html.j2", _words(N_("Feeds")))
    yield Page("methods.html", "methods.html.j2", _words(N_("Methods")))
    yield Page("glossary.html", "glossary.html.j2", _words(N_("Glossary")))
    yield Page("archive.html", "archive.html.j2", _words(N_("Archive")))
    yield Page("about.html", "about.html.j2", _words(N_("About")))
    yield Page("guidance.html", "guidance.html.j2", _words(N_("What can be done")))
    yield Page("fairness.html", "fairness.html.j2", _words(N_("Fairness")))
    title = _words(N_("Governance"))
    yield Page("governance.html", "governance.html.j2", title, register_of(views))


def _words(text: str) -> Callable[[Language], str]:
    return lambda of: of.words(text)


def _data(text: str) -> Callable[[Language], str]:
    return lambda of: of.written(text)


def _told(what: str, name: str) -> Callable[[Language], str]:
    return lambda of: of.words("%(what)s: %(said)s", what=of.words(what), said=of.written(name))


def _named(location: str, name: str) -> Callable[[Language], str]:
    return lambda of: of.place(location, name)


def render_pages(
    views: ReleaseViews, assets: Assets, languages: Sequence[Language] = ()
) -> Iterator[tuple[str, str]]:
    """Yield each page's path below `site/` and its HTML; the same tables give the same bytes.

    Parameters
    ----------
    languages
        Those to write now; all of the release for none.
    """
    pages = list(pages_of(views))
    for of in languages or views.languages.values():
        environment = environment_of(of, views, assets)
        templates = {
            name: environment.get_template(name) for name in {page.template for page in pages}
        }
        for page in pages:
            yield (
                of.folder + page.path,
                templates[page.template].render(
                    page=page,
                    root=page.root,
                    base=page.root + ("../" if of.folder else ""),
                    files=page.root + ("../../" if of.folder else "../"),
                    world_map=partial(map_on, environment, page.root, views),
                ),
            )
