"""The alert of question 9 of the PHQ-9, in the commit of the passation: a Flag, and a Task to call.

An answer of 1 or more raises it, whatever the total, and also in an unfinished passation. A correction of the
answer withdraws the alert.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import record_id
from mappings.sesame.pathway.calendar import add_days
from mappings.sesame.pathway.episode import episodes_under_way
from mappings.sesame.pathway.passation import (
    Passation,
    passation_of,
    read_scales,
    record_numbers,
)
from mappings.sesame.pathway.reading import IN_ERROR, day, find_referring, resolved, target
from mappings.sesame.policy import Policy
from mappings.sesame.resources.elements import tagged_as
from mappings.sesame.resources.flag import suicide_risk
from mappings.sesame.resources.task import suicide_alert

OPEN = frozenset({"requested", "received", "accepted", "in-progress", "ready", "on-hold"})
PEOPLE = ("PractitionerRole", "Practitioner")
"""The types of the possible owners of an alert."""


class RaiseAlerts:
    """Raises and withdraws the alerts of passations."""

    name = "alerts"
    types = frozenset({"QuestionnaireResponse"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy
        self._scales = read_scales(guide)

    def react(self, change: Change, view: View) -> Iterable[Resource]:
        after = passation_of(self._scales, change.after)
        passation = after or passation_of(self._scales, change.before)
        if passation and passation.patient:
            yield from self._alert(passation, after, view)

    def _alert(self, passation: Passation, after: Passation | None, view: View) -> Iterator[Resource]:
        number, flag, task = self._standing(passation, view)
        raised = after is not None and after.status != IN_ERROR and after.alerts
        withdrawn = flag is not None and flag.get("status") == IN_ERROR
        of_another = flag is not None and target(flag.get("subject"), "Patient") != passation.patient
        if raised and (flag is None or withdrawn or of_another):
            made = self._flag(passation, number, view)
            yield made
            yield self._task(passation, number, made, view)
        elif not raised and flag and not withdrawn:
            yield flag | {"status": IN_ERROR}
            if task and task.get("status") in OPEN:
                yield task | {"status": "cancelled"}

    def _standing(
        self, passation: Passation, view: View
    ) -> tuple[Resource, Resource | None, Resource | None]:
        """The number of the alert, and its Flag and Task if they exist."""
        *numbers, last = record_numbers(self._guide, passation)
        for number in numbers:
            flag, task = _found(number, view)
            reason = target((task or {}).get("reasonReference"), "QuestionnaireResponse")
            if reason in (None, passation.id) or (flag or {}).get("status") == IN_ERROR:
                return number, flag, task
        return (last, *_found(last, view))

    def _flag(self, passation: Passation, identifier: Resource, view: View) -> Resource:
        response = passation.response
        # Unfinished answers may have no date yet.
        stored = view.get("QuestionnaireResponse", passation.id) or response
        made = suicide_risk(
            self._guide,
            identifier=identifier,
            patient=response["subject"],
            start=response.get("authored") or stored["meta"]["lastUpdated"],
            encounter=response.get("encounter"),
            author=_person(response.get("author")),
        )
        return tagged_as(response, made) | {"id": record_id("Flag", identifier)}

    def _task(self, passation: Passation, identifier: Resource, flag: Resource, view: View) -> Resource:
        response, start = passation.response, flag["period"]["start"]
        raised_on = day(start)
        until = add_days(raised_on, self._policy.alert_days) if raised_on else None
        made = suicide_alert(
            self._guide,
            identifier=identifier,
            flag={"reference": f"Flag/{flag['id']}"},
            response={"reference": passation.reference},
            patient=response["subject"],
            authored_on=start,
            until=until.isoformat() if until else start,
            owner=self._owner(passation, view),
        )
        return tagged_as(response, made) | {"id": record_id("Task", identifier)}

    def _owner(self, passation: Passation, view: View) -> Resource | None:
        """The nurse of the patient's open episode; otherwise the author of the passation, or the doctor."""
        episodes = episodes_under_way(view, passation.patient) if passation.patient else ()
        nurses = (_person(episode.get("careManager")) for episode in episodes)
        nurse = next(filter(None, nurses), None)
        return nurse or _person(passation.response.get("author")) or self._doctor(passation, view)

    def _doctor(self, passation: Passation, view: View) -> Resource | None:
        """A participant of the encounter, otherwise the doctor who referred the patient."""
        visit = resolved(view, passation.response.get("encounter"), "Encounter") or {}
        met = (_person(one.get("individual")) for one in visit.get("participant", ()))
        referrals = find_referring(view, "ServiceRequest", "patient", f"Patient/{passation.patient}")
        asked = (_person(one.get("requester")) for one in referrals)
        return next((person for person in (*met, *asked) if person), None)


def _found(number: Resource, view: View) -> tuple[Resource | None, Resource | None]:
    """The Flag and the Task with a number; they are always written together."""
    flag = view.get("Flag", record_id("Flag", number))
    return flag, view.get("Task", record_id("Task", number)) if flag else None


def _person(reference: Resource | None) -> Resource | None:
    return reference if any(target(reference, type) for type in PEOPLE) else None
