"""The table of all benchmarks with their targets, in the order of their runs.

A new benchmark is a file here with its `ROWS`, and a line below.
"""

from benchmarks.bench import Row
from benchmarks.rows import (
    caseload_lists,
    expanding,
    forecast_load,
    growth,
    indexing,
    reading,
    referrals,
    searching,
    starting,
    transacting,
    validating,
    writing,
)

ROWS: tuple[Row, ...] = (
    *reading.ROWS,
    *writing.ROWS,
    *searching.ROWS,
    *transacting.ROWS,
    *referrals.ROWS,
    *starting.ROWS,
    *indexing.ROWS,
    *growth.ROWS,
    *expanding.ROWS,
    *validating.ROWS,
    *forecast_load.ROWS,
    *caseload_lists.ROWS,
)
