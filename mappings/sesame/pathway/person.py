"""The Patients that are the same person: a duplicate is linked to the one that replaces it.

https://hl7.org/fhir/R4/patient.html#linking
"""

from collections.abc import Callable, Iterable, Iterator

from fhir_server.extension import Resource
from mappings.sesame.pathway.reading import Records, find_referring, target

MERGED = frozenset({"replaced-by", "replaces"})
"""The link types between duplicates; a `seealso` or `refer` link may connect two valid records."""


def person_of(records: Records, patient: str) -> list[str]:
    """The ids of Patient/`patient` and of all Patients merged with it, sorted."""

    def linked(id: str) -> Iterator[str]:
        yield from merged_with(records.get("Patient", id))
        naming = find_referring(records, "Patient", "link", f"Patient/{id}")
        yield from (one["id"] for one in naming if id in merged_with(one))

    return sorted(all_linked(patient, linked))


def all_linked(patient: str, linked: Callable[[str], Iterable[str]]) -> set[str]:
    """A Patient and all Patients reachable from it through `linked`."""
    known: set[str] = set()
    waiting = [patient]
    while waiting:
        id = waiting.pop()
        if id not in known:
            known.add(id)
            waiting += linked(id)
    return known


def merged_with(patient: Resource | None) -> Iterator[str]:
    """The ids of the Patients that this one replaces or is replaced by."""
    for link in (patient or {}).get("link", ()):
        id = target(link.get("other"), "Patient")
        if id and link.get("type") in MERGED:
            yield id
