"""A small spreadsheet file (.xlsx) that depends on its cells alone.

The usual library writes the time of day into each file, so the same cells would give other
bytes every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from threatcast_feeds.bundles import pack

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# spreadsheets count days from here, with a 29 February 1900 that never was
_DAY_ZERO = date(1899, 12, 30)
# style 1 shows a number as a date; 14 is the built-in short form
_XF = '<xf numFmtId="{}" fontId="0" fillId="0" borderId="0"/>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="10"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/></border></borders>'
    f'<cellStyleXfs count="1">{_XF.format(0)}</cellStyleXfs>'
    f'<cellXfs count="2">{_XF.format(0)}{_XF.format(14)}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)

Cell = str | date


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """Return a workbook with sheets of texts and dates; empty texts give no cell."""
    numbers = range(1, len(sheets) + 1)
    kinds = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles"}
    kinds |= {f"/xl/worksheets/sheet{number}.xml": "worksheet" for number in numbers}
    overrides = "".join(
        f'<Override PartName="{part}" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, sheets, strict=True)
    )
    parts = {f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in numbers}
    parts["rId0"] = ("styles", "styles.xml")
    members = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(parts),
        "xl/styles.xml": _STYLES,
    }
    for number, rows in zip(numbers, sheets.values(), strict=True):
        members[f"xl/worksheets/sheet{number}.xml"] = _sheet(rows)
    return pack({name: text.encode() for name, text in members.items()})


def _relations(parts: Mapping[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in parts.items()
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _sheet(rows: Sequence[Sequence[Cell]]) -> str:
    text = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            _cell(value, f"{_column(place)}{number}") for place, value in enumerate(row)
        )
        text.append(f'<row r="{number}">{cells}</row>')
    data = "".join(text)
    return f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'


def _cell(value: Cell, reference: str) -> str:
    if isinstance(value, date):
        return f'<c r="{reference}" s="1"><v>{(value - _DAY_ZERO).days}</v></c>'
    if not value:
        return ""
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def _column(place: int) -> str:
    """Return a column's letters: A for 0, AA for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
