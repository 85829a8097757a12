"""The sizes that requests are held to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes that requests are held to. Counts are of resources or entries. `total_max` is how many matches
    are counted for a total that nobody asked for, `index_entries_max` by how many entries one resource may
    be found.
    """

    page_default: int = 20
    page_max: int = 1_000
    total_max: int = 1_000
    include_max: int = 1_000
    bundle_entries_max: int = 5_000
    conditional_delete_max: int = 1_000
    index_entries_max: int = 200_000
