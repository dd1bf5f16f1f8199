"""The templates of one language, with all that they may call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.kinds import FAMILIES
from threatcast_publishing.site import map_classes, sentences, speech
from threatcast_publishing.site.audit_words import AuditWords
from threatcast_publishing.site.cards import card_of
from threatcast_publishing.site.feeds import sheet_of
from threatcast_publishing.site.guidance import read_guidance
from threatcast_publishing.site.languages import Language
from threatcast_publishing.site.map import world_map
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.policy import POLICY
from threatcast_publishing.site.social_card import HEIGHT, WIDTH
from threatcast_publishing.site.speech import Speech
from threatcast_publishing.site.views import path_of
from threatcast_publishing.site.warning_words import WarningWords

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from threatcast_publishing.site.assets import Assets
    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.views import Place, ReleaseViews

DOWNLOADS = (("csv", "CSV"), ("parquet", "Parquet"), ("json", "JSON"))
MENU = (
    ("index.html", N_("Outlook")),
    ("places/index.html", N_("Places")),
    ("warnings.html", N_("Warnings")),
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
    (
        N_("as-of day"),
        N_("the day that a release was computed for: it knows nothing of later days"),
    ),
    (
        N_("back-test"),
        N_("the past forecast again, from what was known at each time, and held against what came"),
    ),
    (N_("coverage"), N_("how often a range held the number that came")),
    (N_("evidence"), N_("a grade from A to D: how much an outlook rests on")),
    (N_("feed"), N_("a public list or data set that this site reads; each has a data sheet")),
    (N_("horizon"), N_("how many weeks ahead a forecast looks")),
    (N_("nowcast"), N_("what a week that is not yet complete will probably hold")),
    (
        N_("outlook"),
        N_(
            "what is expected of one threat at one place over the next 4 and 12 weeks, or why no "
            "number is given"
        ),
    ),
    (N_("range"), N_("two numbers between which the count should lie with a stated probability")),
    (
        N_("reference date"),
        N_("the Sunday that ends the newest complete week: the last that a forecast could see"),
    ),
    (
        N_("release"),
        N_("all tables and pages of one as-of day, named by the hash of their content"),
    ),
    (
        N_("simplest rival"),
        N_("a model that expects the last level to stay; who is no better than it adds nothing"),
    ),
    (N_("threat"), N_("one kind of public trace that is counted, such as claims on leak sites")),
    (
        N_("usual level"),
        N_(
            "the mean of the last 26 observed weeks, shown for as many weeks as the number "
            "beside it"
        ),
    ),
    (N_("vintage"), N_("a copy of a feed as it was on one day")),
    (N_("WIS"), N_("weighted interval score: how far a forecast's ranges were from what came")),
)


def environment_of(of: Language, views: ReleaseViews, assets: Assets) -> Environment:
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
    speech_of = Speech(of, views)
    said = speech_of.functions()
    audited = AuditWords(speech_of)
    environment.globals.update(said)
    environment.filters.update(
        threat=said["threat"],
        copy_mode=said["copy_mode"],
        measure=audited.measure,
    )
    environment.globals.update(
        lang=of,
        views=views,
        assets=assets,
        languages=views.languages,
        policy=POLICY,
        menu=MENU,
        path_of=path_of,
        card_of=card_of,
        sheet_of=sheet_of,
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
        guidance=read_guidance(),
        warning=WarningWords(speech_of),
        audited=audited,
        families=FAMILIES,
        map_classes=map_classes.map_classes(views),
        map_label=of.words("Countries by what is most probable over the next 4 weeks"),
        map_legend=map_classes.MAP_LEGEND,
        trend_legend=map_classes.TREND_LEGEND,
        threat_classes=map_classes.threat_classes,
        by_name=partial(_by_name, of, views),
        within=partial(_within, of),
        tables=sorted(TABLES.keys() | views.release.tables.keys()),
        public_url=views.release.public_url.rstrip("/"),
        card_size=(WIDTH, HEIGHT),
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


def map_on(
    environment: Environment, root: str, views: ReleaseViews, classes: Mapping[str, str], label: str
) -> Markup:
    """Return the map with links to the places; `root` leads to the folder of the language."""
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


def link(address: str | None) -> str:
    """Return an address that is safe to follow, else nothing: a feed's word is not trusted.

    Examples
    --------
    >>> link("javascript:alert(1)"), link("https://example.org/list")
    ('', 'https://example.org/list')
    """
    text = (address or "").strip()
    return text if re.match(r"https?://[^\s]+$", text) else ""
