"""The one row that the statement of a page returns, with all matches in two of its cells.

`sqlite3` releases the interpreter's lock for every cell, which for the cells of twenty versions takes as long
as finding them. So the fields of all versions come as one JSON text and their bodies as one blob, both in the
order of the page.
https://docs.python.org/3/library/sqlite3.html
"""

from typing import Any

import msgspec
from msgspec import Struct, structs

from fhir_server.search.ast import SortKey
from fhir_server.store.port import StoredResource
from fhir_server.store.sqlite.backlog import BEHIND
from fhir_server.store.sqlite.index_definitions import GENERATION
from fhir_server.store.sqlite.symbols import Symbols

WATERMARK = "SELECT ifnull(max(sequence), 0) FROM versions"

_VERSION = "v.type, v.id, v.version, v.sequence, v.key, v.last_updated, v.method, length(v.body)"

_decode = msgspec.json.Decoder(list[list[Any]]).decode


class PageResult(Struct, frozen=True):
    """The matches of a page in its order, the values each is sorted by, and the state of the store they were
    read from: its watermark, its generation if it has one, and whether resources still wait to be indexed.
    """

    matches: list[StoredResource]
    sorted_by: list[Any]
    watermark: int
    generation: int | None
    is_behind: int

    def and_then(self, following: "PageResult") -> "PageResult":
        """This page followed by the matches of another, read from the same state."""
        matches, sorted_by = self.matches + following.matches, self.sorted_by + following.sorted_by
        return structs.replace(self, matches=matches, sorted_by=sorted_by)

    def sort_key(self, place: int, sorts: int) -> SortKey:
        """The sort key of the match at `place`, in a page sorted by `sorts` values."""
        by, last = self.sorted_by[place], self.matches[place].first_sequence
        return (by, last) if sorts == 1 else (*(by or ()), last)


def page_columns(sorts: int, needs_index: bool) -> str:
    """The columns to select from versions `v` sorted by `p.s0`, `p.s1`, ..., for `decode_page`."""
    values = ", ".join(f"p.s{place}" for place in range(sorts))
    # A nested list takes longer to build than all the rest of the row, and nearly always there is one value.
    sorted_by = values if sorts == 1 else f"json_array({values})" if sorts else "NULL"
    return (
        f"json_group_array(json_array({_VERSION}, {sorted_by})), CAST(group_concat(v.body, '') AS BLOB),"
        f" ({WATERMARK}), ({GENERATION}), {f'({BEHIND})' if needs_index else '0'}"
    )


def decode_page(row: Any, symbols: Symbols) -> PageResult:
    """The page in a row of `page_columns`."""
    versions, bodies, watermark, generation, is_behind = row
    matches, sorted_by, end, name = [], [], 0, symbols.type_name
    for type, id, version, sequence, key, updated, method, length, by in _decode(versions):
        begin, end = end, end + length
        body = bodies[begin:end]
        matches.append(StoredResource(name(type), id, version, sequence, key, updated, method, body))
        sorted_by.append(by)
    return PageResult(matches, sorted_by, watermark, generation, is_behind)
