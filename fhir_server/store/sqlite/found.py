"""What the statement of a page tells: one row, with all the matches in two of its cells.

`sqlite3` gives up the interpreter's lock for every cell, which for those of twenty versions takes as long
as to find them. So what is known of the versions comes as one JSON text, and their bodies as one blob, both
in the order of the page.
https://docs.python.org/3/library/sqlite3.html
"""

from typing import Any

import msgspec
from msgspec import Struct, structs

from fhir_server.search.ast import SortKey
from fhir_server.store.port import StoredResource
from fhir_server.store.sqlite.backlog import BEHIND
from fhir_server.store.sqlite.indexes import GENERATION
from fhir_server.store.sqlite.symbols import Symbols

WATERMARK = "SELECT ifnull(max(sequence), 0) FROM versions"

_VERSION = "v.type, v.id, v.version, v.sequence, v.key, v.last_updated, v.method, length(v.body)"

_decode = msgspec.json.Decoder(list[list[Any]]).decode


class Found(Struct, frozen=True):
    """Matches in the order of the page, what each is sorted by, and the state of the store in which they were
    read: its watermark, its generation if it has one, and whether for lack of index rows more may match.
    """

    matches: list[StoredResource]
    sorted_by: list[Any]
    watermark: int
    generation: int | None
    is_behind: int

    def and_then(self, following: "Found") -> "Found":
        """With those that come behind, in the same state."""
        matches, sorted_by = self.matches + following.matches, self.sorted_by + following.sorted_by
        return structs.replace(self, matches=matches, sorted_by=sorted_by)

    def sort_key(self, place: int, sorts: int) -> SortKey:
        """That of the match at a place, in a page that is sorted by so many values."""
        by, last = self.sorted_by[place], self.matches[place].first_sequence
        return (by, last) if sorts == 1 else (*(by or ()), last)


def columns(sorts: int, needs_index: bool) -> str:
    """The columns by which a statement tells of versions `v`, sorted by so many values `p.s0`, `p.s1`, ..."""
    values = ", ".join(f"p.s{place}" for place in range(sorts))
    # A list in the list takes longer to make than all the rest of it: nearly always there is one value.
    sorted_by = values if sorts == 1 else f"json_array({values})" if sorts else "NULL"
    return (
        f"json_group_array(json_array({_VERSION}, {sorted_by})), CAST(group_concat(v.body, '') AS BLOB),"
        f" ({WATERMARK}), ({GENERATION}), {f'({BEHIND})' if needs_index else '0'}"
    )


def told(row: Any, symbols: Symbols) -> Found:
    """What the row of such a statement says."""
    told_versions, bodies, watermark, generation, is_behind = row
    matches, sorted_by, end, name = [], [], 0, symbols.type_name
    for type, id, version, sequence, key, updated, method, length, by in _decode(told_versions):
        begin, end = end, end + length
        body = bodies[begin:end]
        matches.append(StoredResource(name(type), id, version, sequence, key, updated, method, body))
        sorted_by.append(by)
    return Found(matches, sorted_by, watermark, generation, is_behind)
