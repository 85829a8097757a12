"""One open episode per patient; another may begin after the exit.

Not stated by the documents (tag D of the domain): the policy says whether it is refused.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.episode import OPEN, is_episode
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.person import person_of
from mappings.sesame.pathway.reading import day, find_referring, target
from mappings.sesame.policy import Policy
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import policy_issue


class OneOpenEpisode:
    """Whether a patient may have this EpisodeOfCare of the programme beside the others."""

    name = "one-open-episode"
    types = frozenset({"EpisodeOfCare"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        episode = change.after
        patient = target((episode or {}).get("patient"), "Patient")
        if episode is None or patient is None or not is_episode(self._guide, episode):
            return
        if not self._is_open(episode) and not _took_place(episode):
            return
        for other in self._of_person(patient, view):
            if other["id"] == episode["id"] or not self._is_open(other):
                continue
            if self._is_open(episode) or _ends_after_start_of(episode, other):
                text = messages.EPISODE_OPEN(id=other["id"])
                yield from policy_issue(self._policy.one_open_episode, text, "EpisodeOfCare.status")

    def _of_person(self, patient: str, view: View) -> Iterator[Resource]:
        for one in person_of(view, patient):
            lock_references_to(view, "Patient", one)
            yield from find_referring(view, "EpisodeOfCare", "patient", f"Patient/{one}")

    def _is_open(self, episode: Resource) -> bool:
        """Whether this is an episode of the programme that has not ended."""
        return is_episode(self._guide, episode) and episode.get("status") in OPEN


def _took_place(episode: Resource) -> bool:
    return episode.get("status") == "finished"


def _ends_after_start_of(episode: Resource, other: Resource) -> bool:
    """Whether a finished episode ends after the start of the other, as their periods state."""
    ended = day(episode.get("period", {}).get("end"))
    begun = day(other.get("period", {}).get("start"))
    return ended is not None and begun is not None and ended > begun
