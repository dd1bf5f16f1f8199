"""Brings the catalogues up to the texts of the site: new ones come in empty, old ones go.

    python -m threatcast_publishing.site.update_catalogues RELEASE

Texts come from the templates and the code, and from those tables of a release whose words are the
project's own: targets, models, groupings, notes. A test refuses a catalogue that lacks a text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing import kinds
from threatcast_publishing.site.audit_answers import read_answers
from threatcast_publishing.site.guidance import read_guidance
from threatcast_publishing.site.languages import LANGUAGES, SOURCE, Language

if TYPE_CHECKING:
    from babel.messages import Catalog

SITE = Path(__file__).parent
_KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "words": None,
    "ngettext": (1, 2),
    "counted": (1, 2),
}
_OF_TABLES = {
    "targets": ("title", "description", "unit", "event", "zero_means", "over_represents",
                "under_represents", "publishes"),
    "models": ("title", "description", "limits"),
    "groupings": ("grouping_name", "note"),
    "locations": ("note",),
}  # fmt: skip


def texts_of_site() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Yield each text of the templates and the code, and the file that it stands in."""
    from babel.messages.extract import extract_from_dir

    methods = [("templates/**.j2", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"templates/**.j2": {"trimmed": "true"}}
    found = extract_from_dir(
        str(SITE),
        method_map=methods,
        options_map=options,
        keywords=_KEYWORDS,
    )
    for name, _, message, _, _ in sorted(found, key=lambda one: (one[0], one[1])):
        yield message, name
    for text in (*kinds.FAMILIES.values(), *kinds.LOCATED_BY.values()):
        yield text, "kinds.py"
    for item in read_guidance().items():
        yield item.text, "guidance.yaml"
    for answer in read_answers().answers:
        yield answer.text, "audit_answers.yaml"


def texts_of_tables(release: Path) -> Iterator[tuple[str, str]]:
    """Yield each text of a release's tables that the project wrote, and the table and column."""
    import pyarrow.parquet as pq

    for table, columns in _OF_TABLES.items():
        data = pq.read_table(release / "parquet" / f"{table}.parquet")
        for column in columns:
            if column in data.column_names:
                for text in sorted({text for text in data[column].to_pylist() if text}):
                    yield text, f"{table}.{column}"


def template_of(release: Path | None) -> Catalog:
    """Return a catalogue with all texts and no translation; without a release, the site's alone."""
    from babel.messages import Catalog

    found = Catalog(charset="utf-8", fuzzy=False)
    for text, place in texts_of_site():
        if text:
            found.add(text, locations=[(place, 0)])
    for text, place in texts_of_tables(release) if release else ():
        if text not in found:
            found.add(text, locations=[(place, 0)])
    return found


def main() -> None:
    """Write all catalogues anew: what they hold stays, unless its text is gone."""
    from babel.messages.pofile import read_po, write_po

    template = template_of(Path(sys.argv[1]))
    for code, language in LANGUAGES.items():
        if code == SOURCE:
            continue
        path = SITE / "catalogues" / f"{code}.po"
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            file.write(_header(language, catalogue.plural_forms))
            write_po(
                file, catalogue, width=100, include_lineno=False, ignore_obsolete=True,
                omit_header=True,
            )  # fmt: skip
        left = sum(
            not message.string or not all(message.string) for message in catalogue if message.id
        )
        print(f"{path.name}: {len(catalogue)} texts, {left} to translate")  # noqa: T201


def _header(language: Language, plural_forms: str) -> bytes:
    """Return what a catalogue begins with: no day, no person, no address."""
    return (
        "# The words of Threatcast's site. No native reader has checked them yet.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language.code}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {plural_forms}\\n"\n\n'
    ).encode()


if __name__ == "__main__":
    main()
