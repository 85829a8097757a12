"""Size limits of requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits of requests, in resources or entries. `total_max` is how many matches are counted for a
    total that the client did not ask for, `index_entries_max` how many index entries one resource may have.
    """

    page_default: int = 20
    page_max: int = 1_000
    total_max: int = 1_000
    include_max: int = 1_000
    bundle_entries_max: int = 5_000
    conditional_delete_max: int = 1_000
    index_entries_max: int = 200_000
