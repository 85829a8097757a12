"""The table: every measure, its target, and the order in which they are taken."""

from benchmarks.bench import Row
from benchmarks.rows import reading, searching, starting, transacting, writing

ROWS: tuple[Row, ...] = (*reading.ROWS, *writing.ROWS, *searching.ROWS, *transacting.ROWS, *starting.ROWS)
