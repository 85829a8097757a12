"""Tables as CSV for spreadsheets: UTF-8, a header, one line per row, no cell that a spreadsheet would run.

https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import StringIO

from fhir_server.core.request import FhirResponse

CSV = "text/csv; charset=utf-8"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take a formula to begin with."""

Cell = str | int | bool | date | None


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Cell] | Mapping[str, str]]) -> bytes:
    """The table; a row has no value for the columns that it does not name."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_written(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def csv_response(
    columns: Sequence[str], rows: Iterable[Mapping[str, Cell] | Mapping[str, str]]
) -> FhirResponse:
    """The table as the answer of an operation."""
    return FhirResponse(200, body=table(columns, rows), media_type=CSV)


def _written(cell: Cell) -> str:
    """Numbers are written as they are; a text that could be a formula gets an apostrophe before it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if cell is None:
        return ""
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_STARTS) else text
