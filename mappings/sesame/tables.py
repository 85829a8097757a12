"""CSV tables for spreadsheets: UTF-8, a header line, and no cell that a spreadsheet would run as a formula.

https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import StringIO

from fhir_server.core.request import FhirResponse

CSV = "text/csv; charset=utf-8"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""The characters with which a spreadsheet formula may begin."""

Cell = str | int | bool | date | None


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Cell] | Mapping[str, str]]) -> bytes:
    """The table as CSV; a column that a row does not name stays empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_written(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def csv_response(
    columns: Sequence[str], rows: Iterable[Mapping[str, Cell] | Mapping[str, str]]
) -> FhirResponse:
    """The table as the response of an operation."""
    return FhirResponse(200, body=table(columns, rows), media_type=CSV)


def _written(cell: Cell) -> str:
    """The text of a cell. A text that could be a formula gets an apostrophe before it; numbers do not."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if cell is None:
        return ""
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_STARTS) else text
