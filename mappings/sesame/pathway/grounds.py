"""What a sequence rests on: the initial assessment of its patient, and an episode of the programme."""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.pathway.reading import has_code, identifier_value, target

LIVE_EPISODES = frozenset({"active", "onhold", "finished"})
"""States of an episode that takes place, or has."""


def is_assessment_of(guide: Guide, visit: Resource, patient: str) -> bool:
    """Whether an Encounter is a finished initial assessment of Patient/`patient`."""
    kinds = guide.canonical("CodeSystem", "sesame-encounter-type")
    return (
        has_code(visit.get("type", []), kinds, "initial-assessment")
        and visit.get("status") == "finished"
        and target(visit.get("subject"), "Patient") == patient
    )


def is_episode(guide: Guide, episode: Resource) -> bool:
    """Whether an EpisodeOfCare is one of the programme, told by its number."""
    return identifier_value(episode, guide.naming_system("episode")) is not None
