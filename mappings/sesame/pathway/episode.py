"""The EpisodeOfCare of the programme: how to recognise it, and sets of its statuses.

https://hl7.org/fhir/R4/valueset-episode-of-care-status.html
"""

from collections.abc import Iterator

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.pathway.reading import Records, find_referring, identifier_value

UNDER_WAY = frozenset({"active", "onhold"})

TAKING_PLACE = UNDER_WAY | {"finished"}
"""Statuses of an episode that is under way or finished: sequences, counts and lists need such an episode."""

OPEN = UNDER_WAY | {"planned", "waitlist"}
"""Statuses of an episode that has not ended."""

BEGUN = TAKING_PLACE | {"cancelled"}
"""Statuses of an episode that has begun: `cancelled` can also mean one that was broken off."""


def is_episode(guide: Guide, episode: Resource) -> bool:
    """Whether an EpisodeOfCare is one of the programme, recognised by its number."""
    return identifier_value(episode, guide.naming_system("episode")) is not None


def episodes_under_way(records: Records, patient: str) -> Iterator[Resource]:
    """The episodes of Patient/`patient` that are under way, oldest first."""
    for episode in find_referring(records, "EpisodeOfCare", "patient", f"Patient/{patient}"):
        if episode.get("status") in UNDER_WAY:
            yield episode
