"""Merged patients: warnings about the sequences that overlap once two Patients are linked.

Each sequence was valid when it was written, and may have been billed; the team decides which one stays.
https://hl7.org/fhir/R4/patient.html#linking
"""

from collections.abc import Iterable
from itertools import pairwise

from fhir_server.extension import Change, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.sequence import sequences_of_person
from mappings.sesame.rules import messages


class MergedPatients:
    """Warns of each sequence that overlaps another of the same person after a link."""

    name = "merged-patients"
    types = frozenset({"Patient"})

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        links = (change.after or {}).get("link")
        if not links or links == (change.before or {}).get("link"):
            return
        for one, next in pairwise(sequences_of_person(self._guide, view, change.id)):
            if next.start <= one.end:
                text = messages.MERGED_OVERLAP(id=next.id, other=one.id)
                yield Issue("warning", "business-rule", text, ("Patient.link",))
