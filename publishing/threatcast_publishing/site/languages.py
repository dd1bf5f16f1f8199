"""The six languages of the site: catalogues, names of places, and how numbers and days are written.

Words come from the gettext catalogues in `catalogues/`, all else from Unicode's CLDR through Babel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from babel import Locale
    from babel.support import NullTranslations

SOURCE = "en"
NO_BREAK = "\N{NO-BREAK SPACE}"
_M49 = "M49-"
_WORLD = "001"


@dataclass(frozen=True)
class Language:
    """One language: its code, its own name, and the side from which it is read."""

    code: str
    name: str
    direction: str = "ltr"

    @property
    def folder(self) -> str:
        """Where its pages lie below `site/`: the source language lies at the top."""
        return "" if self.code == SOURCE else f"{self.code}/"

    @cached_property
    def locale(self) -> Locale:
        """CLDR's data of it."""
        from babel import Locale

        return Locale.parse(self.code)

    @cached_property
    def translations(self) -> NullTranslations:
        """The catalogue; the source language has none, for its words stand in the templates."""
        from babel.support import NullTranslations

        return NullTranslations() if self.code == SOURCE else _catalogue(self.code)

    def written(self, text: str) -> str:
        """Return a text of the tables in this language; itself if the catalogue lacks it."""
        found: str = self.translations.ugettext(text)
        return found

    def words(self, text: str, **given: Any) -> str:
        """Return a text of the templates in this language, with `%(name)s` filled in."""
        return self.written(text) % given

    def counted(self, one: str, many: str, number: int, **given: Any) -> str:
        """Return the form of a text that this language has for a number, `%(num)s` filled in."""
        found: str = self.translations.ungettext(one, many, number)
        return found % {"num": self.count(number), **given}

    def place(self, location: str, written: str | None) -> str:
        """Return the name of a place; `written` is the tables' own, which the source keeps.

        CLDR's name elsewhere, else the catalogue's for names that CLDR lacks, else the tables'.
        """
        name = written or location
        if self.code == SOURCE:
            return name
        key = _WORLD if location == "WORLD" else location.removeprefix(_M49)
        found: str | None = self.locale.territories.get(key)
        if found is None:
            found = self.written(name)
        return found[:1].upper() + found[1:]

    def count(self, value: float | None) -> str:
        """Return a number of events; a rate below ten keeps one decimal.

        Examples
        --------
        >>> english = language("en")
        >>> english.count(12345.0), english.count(2.25), english.count(2.0), english.count(None)
        ('12,345', '2.2', '2', 'not known')
        """
        if value is None:
            return self.words("not known")
        if value == int(value) or abs(value) >= 10:
            return self._decimal(round(value))
        if value < 0.05:
            return self.words("below %(least)s", least=self._decimal(0.1))
        return self._decimal(round(value, 1))

    def signed(self, value: float) -> str:
        """Return how many events more or fewer, with a sign; below ten with one decimal.

        Examples
        --------
        >>> english = language("en")
        >>> english.signed(1234.5), english.signed(-2.25), english.signed(0.04)
        ('+1,234', '-2.2', '0')
        """
        rounded = round(value) if abs(value) >= 10 else round(value, 1)
        return _signed(self, rounded) if rounded else self._decimal(0)

    def whole(self, value: float | None) -> str:
        """Return a number of events without decimals, as sentences say it."""
        return self.words("not known") if value is None else self._decimal(round(value))

    def _decimal(self, value: float) -> str:
        return _decimal(self, value)

    def rate(self, value: float | None) -> str:
        """Return a ratio or a rate with two decimals; one too small for them is said to be."""
        if value is None:
            return self.words("not known")
        if 0 < value < 0.005:
            return self.words("below %(least)s", least=self._decimal(0.01))
        return self._decimal(round(value, 2))

    def ends(
        self, written: Callable[[float | None], str], low: float | None, high: float | None
    ) -> str:
        """Return the two ends of a range, each as `written`, in words that can be read aloud."""
        if low is None or high is None:
            return self.words("not known")
        return self.words("%(low)s to %(high)s", low=written(low), high=written(high))

    def span(self, low: float | None, high: float | None) -> str:
        """Return the two ends of a range of counts."""
        return self.ends(self.count, low, high)

    def percent(self, share: float | None) -> str:
        """Return a share in whole percent; never 0 % or 100 % for what is not certain."""
        if share is None:
            return self.words("not known")
        if 0 < share < 0.01:
            return self.words("under %(share)s", share=_percent(self, 1))
        if 0.99 < share < 1:
            return self.words("over %(share)s", share=_percent(self, 99))
        return _percent(self, round(100 * share))

    def day(self, day: date | None) -> str:
        """Return a day as this language writes it out."""
        return self.words("not known") if day is None else _day(self, day)

    def listed(self, parts: Iterable[str]) -> str:
        """Return parts side by side: no enumeration, so without an `and`."""
        return _SEMICOLONS.get(self.code, "; ").join(parts)

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences one after the other; Chinese sets no space between them."""
        return ("" if self.code == "zh" else " ").join(sentences)

    def list(self, parts: Sequence[str]) -> str:
        """Return an enumeration: `a, b and c`."""
        from babel.lists import format_list

        return format_list(list(parts), locale=self.locale) if parts else ""


_SEMICOLONS = {"ar": "؛ ", "zh": "\N{FULLWIDTH SEMICOLON}", "fr": f"{NO_BREAK}; "}
LANGUAGES: Mapping[str, Language] = {
    one.code: one
    for one in (
        Language("en", "English"),
        Language("ar", "العربية", "rtl"),
        Language("zh", "中文"),
        Language("fr", "Français"),
        Language("ru", "Русский"),
        Language("es", "Español"),
    )
}


def languages_of(codes: Sequence[str] = ()) -> dict[str, Language]:
    """Return some of `LANGUAGES` in their order, the source always among them; all for no code.

    Raises
    ------
    ValueError
        Names the codes that are no language of the site.
    """
    if unknown := sorted({*codes} - LANGUAGES.keys()):
        raise ValueError(
            f"the site has no language {', '.join(unknown)}; it has {', '.join(LANGUAGES)}"
        )
    return {
        code: one for code, one in LANGUAGES.items() if not codes or code in codes or code == SOURCE
    }


def language(code: str) -> Language:
    """Return one of `LANGUAGES`."""
    return LANGUAGES[code]


@cache
def _decimal(of: Language, value: float) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, locale=of.locale)


@cache
def _signed(of: Language, value: float) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, "+#,##0.#;-#,##0.#", locale=of.locale)


@cache
def _percent(of: Language, whole: int) -> str:
    from babel.numbers import format_percent

    return format_percent(whole / 100, locale=of.locale).replace(" ", NO_BREAK)


@cache
def _day(of: Language, day: date) -> str:
    from babel.dates import format_date

    # the day before the month, as the United Nations write it in English
    return format_date(day, "d MMMM y" if of.code == SOURCE else "long", locale=of.locale)


def catalogue_file(code: str) -> Any:
    """Return the path of a language's catalogue inside the package."""
    return files("threatcast_publishing.site").joinpath("catalogues", f"{code}.po")


def _catalogue(code: str) -> NullTranslations:
    """Return a catalogue, compiled in memory: the package ships the texts alone."""
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    compiled = BytesIO()
    with catalogue_file(code).open("rb") as texts:
        write_mo(compiled, read_po(texts, locale=code))
    compiled.seek(0)
    return Translations(compiled)
