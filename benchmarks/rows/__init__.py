"""The table: every measure, its target, and the order in which they are taken.

A new measure is a file here, with its `ROWS`, and a line below.
"""

from benchmarks.bench import Row
from benchmarks.rows import (
    expanding,
    growing,
    indexing,
    proving,
    reading,
    referring,
    searching,
    starting,
    steering,
    transacting,
    validating,
    writing,
)

ROWS: tuple[Row, ...] = (
    *reading.ROWS,
    *writing.ROWS,
    *searching.ROWS,
    *transacting.ROWS,
    *referring.ROWS,
    *starting.ROWS,
    *indexing.ROWS,
    *growing.ROWS,
    *expanding.ROWS,
    *validating.ROWS,
    *proving.ROWS,
    *steering.ROWS,
)
