"""Which pages the site has, and how each is filled in: every page once a language."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from threatcast_publishing.contract import TABLES
from threatcast_publishing.site import sentences, speech
from threatcast_publishing.site.languages import LANGUAGES, Language
from threatcast_publishing.site.map import world_map
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.policy import POLICY
from threatcast_publishing.site.speech import Speech

if TYPE_CHECKING:
    from jinja2 import Environment

    from threatcast_publishing.site.views import Place, ReleaseViews, Row, Threat

DOWNLOADS = (("csv", "CSV"), ("parquet", "Parquet"), ("json", "JSON"))
MENU = (
    ("index.html", N_("Outlook")),
    ("places/index.html", N_("Places")),
    ("record.html", N_("Record")),
    ("feeds.html", N_("Feeds")),
    ("methods.html", N_("Methods")),
    ("archive.html", N_("Archive")),
    ("about.html", N_("About")),
)
_NEW_DAYS = 28  # a change of the published model stands on the front page for so long
_QUESTIONS = {
    "above_usual_4w": N_("more than usual in 4 weeks"),
    "growth_4w": N_("a rise against the usual in 4 weeks"),
    "zero_4w": N_("none in 4 weeks"),
    "top3_of_locations": N_("among the three places with the largest rise"),
    "top3_of_targets": N_("among the three threats with the largest rise"),
}
GLOSSARY = (
    (N_("coverage"), N_("how often a range held the number that came")),
    (N_("horizon"), N_("how many weeks ahead a forecast looks")),
    (N_("nowcast"), N_("what a week that is not yet complete will probably hold")),
    (
        N_("reference date"),
        N_("the Sunday that ends the newest complete week: the last that a forecast could see"),
    ),
    (N_("vintage"), N_("a copy of a feed as it was on one day")),
    (N_("WIS"), N_("weighted interval score: how far a forecast's ranges were from what came")),
)
# what a country's colour says on the front page, the first that holds
MAP_LEGEND = (
    ("up2", N_("more than usual is very likely for at least one threat")),
    ("up1", N_("more than usual is likely for at least one threat")),
    ("near", N_("neither more nor less than usual is likely")),
    ("down1", N_("more than usual is unlikely for every threat")),
    ("dark", N_("no number")),
)
TREND_LEGEND = (
    ("up2", N_("large increase")),
    ("up1", N_("increase")),
    ("near", N_("stable")),
    ("down1", N_("decrease")),
    ("down2", N_("large decrease")),
    ("unsure", N_("direction uncertain")),
    ("dark", N_("no number")),
)
_TREND_CLASSES = {
    "large_increase": "up2",
    "increase": "up1",
    "stable": "near",
    "decrease": "down1",
    "large_decrease": "down2",
}


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


@dataclass(frozen=True)
class Assets:
    """The files that all pages share, by names that hold their content's hash."""

    style: str
    script: str


def path_of(location: str) -> str:
    """Return where the page of a place lies."""
    return f"places/{location.lower()}.html"


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
    yield Page("record.html", "record.html.j2", _words(N_("Our record")))
    yield Page("feeds.html", "feeds.html.j2", _words(N_("Feeds")))
    yield Page("methods.html", "methods.html.j2", _words(N_("Methods")))
    yield Page("archive.html", "archive.html.j2", _words(N_("Archive")))
    yield Page("about.html", "about.html.j2", _words(N_("About")))


def _words(text: str) -> Callable[[Language], str]:
    return lambda of: of.words(text)


def _data(text: str) -> Callable[[Language], str]:
    return lambda of: str(of.translations.ugettext(text))


def _named(location: str, name: str) -> Callable[[Language], str]:
    return lambda of: of.place(location, name)


def render_pages(
    views: ReleaseViews, assets: Assets, languages: Sequence[Language] = tuple(LANGUAGES.values())
) -> Iterator[tuple[str, str]]:
    """Yield each page's path below `site/` and its HTML; the same tables give the same bytes."""
    pages = list(pages_of(views))
    for of in languages:
        environment = _environment(of, views, assets)
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
                    world_map=partial(_map, environment, page.root, views),
                ),
            )


def _environment(of: Language, views: ReleaseViews, assets: Assets) -> Environment:
    """Return the templates with all that they may call in one language."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from threatcast_publishing.site.compiled_templates import CompiledTemplates

    environment = Environment(
        loader=PackageLoader("threatcast_publishing.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=CompiledTemplates(),
    )
    words = of.translations
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.ugettext, partial(_counted, of), newstyle=True
    )
    # what `_` leads to by way of a second call, which is felt over a hundred thousand texts
    environment.globals["_"] = environment.globals["gettext"]
    said = Speech(of, views).functions()
    environment.globals.update(said)
    environment.filters.update(threat=said["threat"])
    environment.globals.update(
        lang=of,
        views=views,
        assets=assets,
        languages=LANGUAGES,
        policy=POLICY,
        menu=MENU,
        path_of=path_of,
        link=link,
        downloads=DOWNLOADS,
        trends=sentences.TRENDS,
        scale=scale(),
        scale_name=sentences.SCALE_NAME,
        scale_url=sentences.SCALE_URL,
        grades=speech.GRADES,
        deciders=speech.DECIDERS,
        feed_states=speech.FEED_STATES,
        causes=speech.CAUSES,
        levels=speech.LEVELS,
        score_kinds=speech.SCORE_KINDS,
        state_meanings=speech.MEANINGS,
        questions=_QUESTIONS,
        glossary=GLOSSARY,
        map_classes=map_classes(views),
        map_label=of.words("Countries by what is most probable over the next 4 weeks"),
        map_legend=MAP_LEGEND,
        trend_legend=TREND_LEGEND,
        threat_classes=threat_classes,
        by_name=partial(_by_name, of, views),
        within=partial(_within, of),
        releases=_releases(views),
        tables=sorted(TABLES.keys() | views.release.tables.keys()),
        new_since=views.as_of - timedelta(days=_NEW_DAYS),
    )
    return environment


def _counted(of: Language, one: str, many: str, number: int) -> str:
    """Return the plural form for a number, with the number as the language writes it."""
    found: str = of.translations.ungettext(one, many, number)
    return found.replace("%(num)s", of.count(number).replace("%", "%%"))


def scale() -> list[tuple[str, float, float]]:
    """Return each word of probability with the ends of its range."""
    ends = [0.0, *(upper for upper, _, _ in sentences.SCALE)]
    return [
        (word, low, upper) for low, (upper, word, _) in zip(ends, sentences.SCALE, strict=False)
    ]


def map_classes(views: ReleaseViews) -> Mapping[str, str]:
    """Return by country what the front page's map says of it."""
    found = {}
    for code, place in views.places.items():
        if place.row["location_level"] != "country":
            continue
        chances = [one.row["p_above_usual_4w"] or 0.0 for one in place.outlooks]
        if not chances:
            found[code] = "dark"
        elif max(chances) >= 0.80:
            found[code] = "up2"
        elif max(chances) >= 0.55:
            found[code] = "up1"
        else:
            found[code] = "near" if max(chances) > 0.45 else "down1"
    return found


def threat_classes(threat: Threat) -> Mapping[str, str]:
    """Return by country the direction of one threat; one less probable than not is uncertain."""
    found = {}
    for one in threat.outlooks:
        row = one.row
        if row["location_level"] == "country" and row["trend"] in _TREND_CLASSES:
            sure = row[f"p_{row['trend']}"] >= 0.5
            found[row["location"]] = _TREND_CLASSES[row["trend"]] if sure else "unsure"
    return found


def _map(
    environment: Environment, root: str, views: ReleaseViews, classes: Mapping[str, str], label: str
) -> Any:
    from markupsafe import Markup

    place: Callable[..., str] = environment.globals["place"]  # type: ignore[assignment]
    countries = {
        code: one.row
        for code, one in views.places.items()
        if one.row["location_level"] == "country"
    }
    return Markup(  # noqa: S704 - the map escapes its titles itself
        world_map(
            {code: classes.get(code, "dark") for code in countries},
            {code: root + path_of(code) for code in countries},
            {code: place(code, row["location_name"]) for code, row in countries.items()},
            label=label,
        )
    )


def _by_name(of: Language, views: ReleaseViews, level: str) -> list[Place]:
    """Return the places of a level by their names in a language; the world leads the regions."""
    levels = ("world", "region") if level == "region" else (level,)
    found = [one for one in views.places.values() if one.row["location_level"] in levels]
    return sorted(
        found,
        key=lambda one: (
            one.row["location_level"] != "world",
            of.place(one.location, one.row["location_name"]),
        ),
    )


def _within(of: Language, place: Place) -> list[Row]:
    return sorted(place.within, key=lambda row: of.place(row["location"], row["location_name"]))


def _releases(views: ReleaseViews) -> Sequence[Row]:
    """Return the earlier releases that this one knows, the newest first."""
    found = {row["release_id"]: row for row in views.rows("outlook_history")}
    return sorted(found.values(), key=lambda row: (row["as_of"], row["release_id"]), reverse=True)


def link(address: str | None) -> str:
    """Return an address that is safe to follow, else nothing: a feed's word is not trusted.

    Examples
    --------
    >>> link("javascript:alert(1)"), link("https://example.org/list")
    ('', 'https://example.org/list')
    """
    import re

    text = (address or "").strip()
    return text if re.match(r"https?://[^\s]+$", text) else ""


def shared_files(views: ReleaseViews) -> tuple[Assets, dict[str, bytes]]:
    """Return the style and the script with the names that pages call them by."""
    folder = files("threatcast_publishing.site")
    style = folder.joinpath("style.css").read_bytes()
    script = folder.joinpath("site.js").read_text(encoding="utf-8")
    search = (script.replace("/*PLACES*/[]", _search_index(views))).encode()
    names = {f"style.{_hash(style)}.css": style, f"site.{_hash(search)}.js": search}
    return Assets(*names), names


def _search_index(views: ReleaseViews) -> str:
    """Return all places with their names in all languages, as a script holds them."""
    import json

    found = []
    for code, one in views.places.items():
        name = one.row["location_name"]
        names = dict.fromkeys(of.place(code, name) for of in LANGUAGES.values())
        also = [text for text in (code, one.row.get("iso_alpha3")) if text]
        found.append([path_of(code), *names, *also])
    # </script> cannot end a file of its own, but the same text must never be harmful elsewhere
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.b32encode(digest)[:10].decode().lower()
