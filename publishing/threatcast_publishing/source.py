"""Reads the schema `published` of a warehouse into what every format writes from.

All that a release holds passes through here once: sorted by key, NaN turned into null, described.
Formats never look into the warehouse themselves, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing.contract import TABLES
from threatcast_publishing.database import as_arrow, connect
from threatcast_publishing.errors import WarehouseError
from threatcast_publishing.marks import Mark, mark_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SCHEMA = "published"


@dataclass(frozen=True)
class PublishedTable:
    """One table of a release: rows sorted by `key`, described as the warehouse's comments do.

    `data` is one contiguous chunk a column, so that its bytes do not depend on how it was read.
    """

    name: str
    key: tuple[str, ...]
    data: pa.Table
    description: str
    columns: Mapping[str, str]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.data.num_rows)


def unheard(_: str) -> None:
    """Let a notice go by: nobody listens."""


@dataclass(frozen=True)
class ReleaseContext:
    """What a format may know: the tables, the as-of day and where they come from. No clock.

    `source` is live, mirror, starter or sample; `warnings` are sentences that a reader should see:
    checks that warned; `public_url` is where the world finds the site, and `contact` the
    e-mail or https address where a number can be contested; both empty if there is none.
    `languages` are the codes of those that the site is written in; none for all.

    What is below changes nothing that a release says: `prints` is whether to print a bulletin if a
    browser is at hand, and `notice` is called with what the night's log should hold.
    """

    as_of: date
    source: str
    commit: str
    settings: Mapping[str, Any]
    tables: Mapping[str, PublishedTable]
    warnings: tuple[str, ...] = ()
    public_url: str = ""
    contact: str = ""
    languages: tuple[str, ...] = ()
    prints: bool = False
    notice: Callable[[str], None] = field(default=unheard, compare=False)

    @property
    def contact_link(self) -> str:
        """What leads to `contact`; empty without one."""
        return f"mailto:{self.contact}" if "@" in self.contact.partition("/")[0] else self.contact

    def comment(self, table: PublishedTable) -> str:
        """Return the description of a table, behind the mark of its source if there is one."""
        return self.marked(table.description)

    def marked(self, text: str) -> str:
        """Return a text behind the mark of the source, if there is one."""
        return f"{self.mark.text} {text}" if self.mark else text

    @property
    def mark(self) -> Mark | None:
        """What must be said of the tables wherever they are met; None of observed counts."""
        return mark_of(self.source, self.as_of)

    @property
    def simulated(self) -> bool:
        """Whether the tables are the sample's."""
        return self.source == "sample"


def read_tables(warehouse: Path | duckdb.DuckDBPyConnection) -> dict[str, PublishedTable]:
    """Return all published tables, by name.

    Parameters
    ----------
    warehouse
        The warehouse file, opened read-only, or an open connection to it (for a process that
        already holds the file open for writing: DuckDB allows no second way in).

    Raises
    ------
    WarehouseError
        If the file cannot be opened, a table or a column of the contract is missing, a table has no
        comment, a key is null or comes twice, or a number is infinite.
    """
    with _connection(warehouse) as (con, place):
        present = {
            str(row[0])
            for row in con.execute(
                "select table_name from information_schema.tables "
                "where table_schema = ? and table_catalog = current_catalog()",
                [SCHEMA],
            ).fetchall()
        }
        missing = [name for name in TABLES if name not in present]
        if missing:
            raise WarehouseError(
                f"schema {SCHEMA} lacks {', '.join(missing)}",
                place=place,
                kept="Nothing was published.",
                cure="Build the published models first: dbt build --select tag:published.",
            )
        comments = _comments(con)
        return {name: _read_table(con, name, place, comments) for name in TABLES}


@contextmanager
def _connection(
    warehouse: Path | duckdb.DuckDBPyConnection,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    import duckdb

    if isinstance(warehouse, duckdb.DuckDBPyConnection):
        yield warehouse, "warehouse"
        return
    try:
        con = connect(warehouse, read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            f"cannot be opened: {error}",
            place=str(warehouse),
            kept="Nothing was published.",
            cure="If another step holds it open, wait for it; if it is missing, run the job.",
        ) from error
    try:
        yield con, str(warehouse)
    finally:
        con.close()


def _comments(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Return comments of tables, views (column "") and their columns."""
    rows = con.execute(
        """
        select table_name, '' as column_name, comment from duckdb_tables() where schema_name = ?
        union all
        select view_name, '', comment from duckdb_views() where schema_name = ?
        union all
        select table_name, column_name, comment from duckdb_columns() where schema_name = ?
        """,
        [SCHEMA, SCHEMA, SCHEMA],
    ).fetchall()
    return {(table, column): comment for table, column, comment in rows if comment}


def _read_table(
    con: duckdb.DuckDBPyConnection, name: str, place: str, comments: Mapping[tuple[str, str], str]
) -> PublishedTable:
    contract = TABLES[name]
    where = f"{place}, {SCHEMA}.{name}"
    described = con.execute(f'describe {SCHEMA}."{name}"').fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    lacking = [column for column in contract.required if column not in types]
    lacking += [column for column in contract.key if column not in types and column not in lacking]
    if lacking:
        raise WarehouseError(
            f"lacks the columns {', '.join(lacking)}",
            place=where,
            kept="Nothing was published.",
            cure="The columns of a release are a contract: add them to the model.",
        )
    if (name, "") not in comments:
        raise WarehouseError(
            "has no comment that says what a row is",
            place=where,
            kept="Nothing was published.",
            cure="Describe the model in the YAML of dbt_project/models/published/.",
        )
    # dbt may order columns as it likes; the contract's order comes first, the key before it
    first = [*contract.key, *(c for c in contract.required if c not in contract.key)]
    columns = first + [column for column in types if column not in first]
    selected = ", ".join(_plain_type(column, types[column]) for column in columns)
    order = ", ".join(f'"{column}" asc nulls last' for column in contract.key)
    data = as_arrow(con.execute(f'select {selected} from {SCHEMA}."{name}" order by {order}'))
    data = _plain_numbers(_plain_text(data), where)
    _check_key(data, contract.key, where)
    return PublishedTable(
        name=name,
        key=contract.key,
        data=data,
        description=comments[name, ""],
        columns={column: comments.get((name, column), "") for column in columns},
    )


def _plain_type(column: str, kind: str) -> str:
    """Return the select item of a column, in a type that every format knows."""
    quoted = '"' + column.replace('"', '""') + '"'
    if kind.startswith(("ENUM", "UUID", "TIME ", "INTERVAL", "STRUCT", "MAP")):
        return f"cast({quoted} as varchar) as {quoted}"
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"{quoted} at time zone 'UTC' as {quoted}"
    if kind.startswith(("HUGEINT", "UHUGEINT")):  # what sum() of whole numbers gives
        return f"cast({quoted} as bigint) as {quoted}"
    if kind.startswith("DECIMAL"):
        return f"cast({quoted} as double) as {quoted}"
    return quoted


def _plain_text(data: pa.Table) -> pa.Table:
    """Return the table with one kind of text, whatever the connection was set to hand out."""
    import pyarrow as pa

    fields = [
        pa.field(item.name, pa.string())
        if pa.types.is_string_view(item.type) or pa.types.is_large_string(item.type)
        else item
        for item in data.schema
    ]
    return data.cast(pa.schema(fields))


def _plain_numbers(data: pa.Table, where: str) -> pa.Table:
    """Turn NaN into null (one way to say unknown) and -0.0 into 0.0; refuse infinite numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, column in enumerate(data.schema):
        if not pa.types.is_floating(column.type):
            continue
        values = data.column(index)
        if pc.any(pc.is_inf(values)).as_py():
            raise WarehouseError(
                f"column {column.name} holds an infinite number",
                place=where,
                kept="Nothing was published.",
                cure="Mend the step that computes it.",
            )
        null = pa.scalar(None, column.type)
        values = pc.if_else(pc.is_nan(values), null, values)
        zero = pa.scalar(0.0, column.type)
        values = pc.if_else(pc.equal(values, zero), zero, values)
        data = data.set_column(index, column, values)
    return data.combine_chunks()


def _check_key(data: pa.Table, key: tuple[str, ...], where: str) -> None:
    """Refuse rows, sorted by key, whose key is null in part or comes twice."""
    import pyarrow.compute as pc

    columns = [data.column(column).combine_chunks() for column in key]
    null = reduce(pc.or_, (column.is_null() for column in columns))
    # neighbours are enough: the rows are sorted by key
    twice = reduce(pc.and_, (pc.equal(column[1:], column[:-1]) for column in columns))
    for flags, problem in ((null, "is null in part"), (twice, "comes more than once")):
        at = pc.index(flags, value=True).as_py()
        if at < 0:
            continue
        row = data.slice(at, 1).select(list(key)).to_pylist()[0]
        named = ", ".join(f"{column}={value}" for column, value in row.items())
        raise WarehouseError(
            f"the key ({', '.join(key)}) {problem}: {named}",
            place=where,
            kept="Nothing was published.",
            cure="Mend the model so that its grain holds.",
        )
