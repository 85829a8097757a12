"""An EpisodeOfCare of the programme: which it is, and in which states it is open, under way, or a fact.

https://hl7.org/fhir/R4/valueset-episode-of-care-status.html
"""

from collections.abc import Iterator

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.pathway.reading import Records, find_referring, identifier_value

UNDER_WAY = frozenset({"active", "onhold"})

TAKING_PLACE = UNDER_WAY | {"finished"}
"""States of an episode that takes place, or has: what is begun, counted and listed belongs to such a one."""

OPEN = UNDER_WAY | {"planned", "waitlist"}
"""States of an episode that has not ended."""

BEGUN = TAKING_PLACE | {"cancelled"}
"""States of an episode that has days, whatever became of it: `cancelled` also tells of one broken off."""


def is_episode(guide: Guide, episode: Resource) -> bool:
    """Whether an EpisodeOfCare is one of the programme, told by its number."""
    return identifier_value(episode, guide.naming_system("episode")) is not None


def episodes_under_way(records: Records, patient: str) -> Iterator[Resource]:
    """The episodes of Patient/`patient` that take place, oldest first."""
    for episode in find_referring(records, "EpisodeOfCare", "patient", f"Patient/{patient}"):
        if episode.get("status") in UNDER_WAY:
            yield episode
