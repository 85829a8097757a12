"""Messages to the doctor who referred the patient: acceptance, assessment, each advice, exit.

One Communication per event, without clinical content except the psychiatrist's advice, which is meant for the
doctor. A message that the team has written itself takes precedence. A correction of the event corrects the
message.
https://hl7.org/fhir/R4/communication.html
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fhir_server.extension import Change, Resource, View
from mappings.sesame import identifiers
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import record_id
from mappings.sesame.pathway.episode import episodes_under_way
from mappings.sesame.pathway.reading import IN_ERROR, find_referring, first, has_code, resolved, target
from mappings.sesame.pathway.referral import (
    Referral,
    business_status,
    is_referral_task,
    referral_of,
    referral_of_task,
)
from mappings.sesame.resources.communication import Message, communication, payload
from mappings.sesame.resources.elements import tagged_as

SENDERS = ("PractitionerRole", "Practitioner", "Organization")
"""The types that may send a Communication, among the owners of Tasks and managers of episodes."""

ACCEPTED = "L'équipe SÉSAME a accepté l'adressage."
ASSESSMENT = {
    "assessed-leger": "L'évaluation initiale est faite. Elle oriente vers SÉSAME léger.",
    "assessed-classique": "L'évaluation initiale est faite. Elle oriente vers SÉSAME classique.",
}
EXITED = "La prise en charge SÉSAME est terminée."

LASTING = frozenset({"case-review-advice", "exit-report"})
"""Categories withdrawn when their event is undone; that a referral was accepted or assessed stays true."""


@dataclass(frozen=True, slots=True)
class Report:
    """One message: `about` is the event, `encounter` the case review if the event is one."""

    category: str
    referral: Referral
    about: Resource
    text: str
    sent: str | None
    sender: Resource | None
    encounter: Resource | None = None


class ReportToDoctor:
    """Writes the Communication of an event in the commit of the event, and corrects it with the event."""

    name = "reports"
    types = frozenset({"Task", "EpisodeOfCare", "ClinicalImpression"})

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._categories = guide.canonical("CodeSystem", "sesame-communication-category")
        self._reports: dict[str, Callable[[Resource, View], Iterator[Report]]] = {
            "Task": self._of_task,
            "EpisodeOfCare": self._of_episode,
            "ClinicalImpression": self._of_review,
        }

    def react(self, change: Change, view: View) -> Iterable[Resource]:
        before, after = self._by_category(change.before, view), self._by_category(change.after, view)
        for category, report in after.items():
            said = before.get(category)
            if said is None or said.text != report.text:
                yield from self._told(report, said, view)
        for category in LASTING & before.keys() - after.keys():
            yield from self._taken_back(before[category], view)

    def _by_category(self, resource: Resource | None, view: View) -> dict[str, Report]:
        """The reports that a resource gives rise to, by category."""
        if resource is None:
            return {}
        found = self._reports[resource["resourceType"]](resource, view)
        return {report.category: report for report in found if report.referral.requester}

    def _of_task(self, task: Resource, view: View) -> Iterator[Report]:
        assessed = business_status(self._guide, task)
        is_accepted = task.get("status") == "accepted"
        if not is_referral_task(self._guide, task) or not (is_accepted or assessed in ASSESSMENT):
            return
        referral = referral_of_task(self._guide, view, task)
        if referral is None:
            return
        sent, owner = task.get("lastModified") or task.get("authoredOn"), _sender(task.get("owner"))
        if is_accepted:
            yield Report("referral-accepted", referral, task, ACCEPTED, sent, owner)
        if assessed in ASSESSMENT:
            yield Report("assessment-report", referral, task, ASSESSMENT[assessed], sent, owner)

    def _of_episode(self, episode: Resource, view: View) -> Iterator[Report]:
        referral = self._referral(episode, view) if episode.get("status") == "finished" else None
        if referral:
            sender = _sender(episode.get("careManager")) or _sender(episode.get("managingOrganization"))
            ended = episode.get("period", {}).get("end")
            yield Report("exit-report", referral, episode, EXITED, ended, sender)

    def _of_review(self, impression: Resource, view: View) -> Iterator[Report]:
        """The advice of a case review, once it is written."""
        advice = impression.get("summary")
        if impression.get("status") != "completed" or not advice:
            return
        visit = resolved(view, impression.get("encounter"), "Encounter")
        kinds = self._guide.canonical("CodeSystem", "sesame-encounter-type")
        if visit is None or not has_code(visit.get("type", []), kinds, "case-review"):
            return
        episode = self._episode(visit, view)
        referral = self._referral(episode, view) if episode else None
        if referral:
            sent, encounter = impression.get("date"), {"reference": f"Encounter/{visit['id']}"}
            sender = _sender(impression.get("assessor"))
            yield Report("case-review-advice", referral, impression, advice, sent, sender, encounter)

    def _episode(self, visit: Resource, view: View) -> Resource | None:
        """The episode of a case review: the one that it refers to, otherwise the patient's open one."""
        if named := resolved(view, first(visit, "episodeOfCare"), "EpisodeOfCare"):
            return named
        patient = target(visit.get("subject"), "Patient")
        return next(episodes_under_way(view, patient), None) if patient else None

    def _referral(self, episode: Resource, view: View) -> Referral | None:
        request = resolved(view, first(episode, "referralRequest"), "ServiceRequest")
        return referral_of(self._guide, request)

    def _told(self, report: Report, said: Report | None, view: View) -> Iterator[Resource]:
        """The message, unless the team has sent its own or has edited this one."""
        made = self._written(report)
        own = view.get("Communication", made["id"]) or {}
        texts = [*ASSESSMENT.values(), said.text if said else report.text]
        if own.get("payload") in [payload(text) for text in texts] or not self._stands(report, view):
            yield made

    def _taken_back(self, report: Report, view: View) -> Iterator[Resource]:
        """The message of an undone event as entered in error, unless the team has edited it."""
        own = view.get("Communication", self._written(report)["id"])
        if own and own.get("payload") == payload(report.text):
            yield own | {"status": IN_ERROR}

    def _stands(self, report: Report, view: View) -> bool:
        """Whether the referral already has a Communication of this category; for advice, of the
        same review.
        """
        reference = f"ServiceRequest/{report.referral.id}"
        return any(
            found.get("status") != IN_ERROR
            and has_code(found.get("category", []), self._categories, report.category)
            and (report.encounter is None or found.get("encounter") == report.encounter)
            for found in find_referring(view, "Communication", "based-on", reference)
        )

    def _written(self, report: Report) -> Resource:
        referral, about = report.referral, report.about
        event = f"-{about['id']}" if report.encounter else ""
        number = f"{referral.number}-{report.category}{event}"
        identifier = identifiers.numbered(self._guide, "record", number)
        made = communication(
            self._guide,
            identifier=identifier,
            category=report.category,
            patient={"reference": f"Patient/{referral.patient}"},
            referral=referral.reference,
            message=Message(report.text, report.sent, report.sender, recipient=referral.requester or {}),
            about={"reference": f"{about['resourceType']}/{about['id']}"},
            encounter=report.encounter,
        )
        return tagged_as(about, made) | {"id": record_id("Communication", identifier)}


def _sender(reference: Resource | None) -> Resource | None:
    return reference if any(target(reference, type) for type in SENDERS) else None
