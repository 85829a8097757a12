"""The initial assessment, on which a sequence is based."""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.pathway.reading import has_code, target


def is_assessment_of(guide: Guide, visit: Resource, patient: str) -> bool:
    """Whether an Encounter is a finished initial assessment of Patient/`patient`."""
    kinds = guide.canonical("CodeSystem", "sesame-encounter-type")
    return (
        has_code(visit.get("type", []), kinds, "initial-assessment")
        and visit.get("status") == "finished"
        and target(visit.get("subject"), "Patient") == patient
    )
