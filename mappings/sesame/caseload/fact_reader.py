"""Reads the facts from resources, one method per type; a resource outside the programme gives none.

https://hl7.org/fhir/R4/resourcelist.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.code_systems import LOINC
from fhir_server.extension import Resource
from mappings.sesame.caseload.facts import (
    Alert,
    Answers,
    Claim,
    Decision,
    Episode,
    Fact,
    Person,
    Referral,
    Review,
    Role,
    Score,
    Sequence,
    Site,
    Team,
    Visit,
)
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import FINESS
from mappings.sesame.pathway.episode import TAKING_PLACE
from mappings.sesame.pathway.outcome import VALID_STATUSES
from mappings.sesame.pathway.passation import DONE
from mappings.sesame.pathway.person import merged_with
from mappings.sesame.pathway.reading import (
    IN_ERROR,
    codes,
    day,
    extension,
    first,
    identifier_value,
    questionnaire_of,
    start_micros,
    target,
)
from mappings.sesame.pathway.sequence import sequence_of

PatientFact = tuple[str | None, Fact] | None
"""The id of the patient, or None for a fact about no patient, and the fact; None where there is no fact."""

DECIDED = frozenset({"active", "rejected"})
"""The statuses of a Consent that states a decision of the patient."""

DEPARTMENT = re.compile("97[0-9]|98[0-9]|2[AB]|[0-9]{2}")
"""The département with which a postal code or a FINESS number begins, overseas and in Corsica too."""


class FactReader:
    """Reads the fact that a resource states."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._readers: Mapping[str, Callable[[Resource], PatientFact]] = {
            "Patient": _person,
            "EpisodeOfCare": self._episode,
            "Encounter": self._visit,
            "Observation": self._score,
            "ClinicalImpression": _review,
            "Flag": self._alert,
            "Consent": self._decision,
            "CarePlan": self._sequence,
            "CareTeam": self._team,
            "Task": self._referral,
            "Claim": self._claim,
            "PractitionerRole": _role,
            "Organization": _site,
            "QuestionnaireResponse": self._answers,
        }

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(self._readers)

    def read(self, resource: Resource) -> PatientFact:
        return self._readers[resource["resourceType"]](resource)

    def _code(self, concept: Mapping[str, Any] | None, code_system: str) -> str | None:
        """The first code of a concept that exists in one of the guide's code systems."""
        system = self._system(code_system)
        return next((code for code in codes(concept, system) if (system, code) in self._guide.displays), None)

    def _system(self, id: str) -> str:
        return self._guide.canonical("CodeSystem", id)

    def _episode(self, resource: Resource) -> PatientFact:
        patient, period = target(resource.get("patient"), "Patient"), resource.get("period", {})
        start = day(period.get("start"))
        if patient is None or start is None or resource.get("status") not in TAKING_PLACE:
            return None
        exit = extension(resource, self._guide.profile("exit-reason")).get("valueCodeableConcept")
        site = extension(resource, self._guide.profile("site-referent")).get("valueReference")
        return patient, Episode(
            id=resource["id"],
            patient=patient,
            number=identifier_value(resource, self._guide.naming_system("episode")) or resource["id"],
            status=resource["status"],
            start=start,
            end=day(period.get("end")),
            nurse=target(resource.get("careManager"), "PractitionerRole"),
            site=target(site, "Organization"),
            carrier=target(resource.get("managingOrganization"), "Organization"),
            referral=target(first(resource, "referralRequest"), "ServiceRequest"),
            exit_reason=self._code(exit, "sesame-exit-reason"),
            flagged=extension(resource, self._guide.profile("case-review-flag")).get("valueBoolean") is True,
        )

    def _visit(self, resource: Resource) -> PatientFact:
        patient = target(resource.get("subject"), "Patient")
        on = day(resource.get("period", {}).get("start"))
        system = self._system("sesame-encounter-type")
        kind = next((code for concept in resource.get("type", ()) for code in codes(concept, system)), None)
        if patient is None or on is None or kind is None or resource.get("status") != "finished":
            return None
        episode = target(first(resource, "episodeOfCare"), "EpisodeOfCare")
        return patient, Visit(episode, kind, str(resource.get("class", {}).get("code")), on)

    def _decision(self, resource: Resource) -> PatientFact:
        """A status of rejected is a refusal by itself. A permission for research counts only if
        it is signed.
        """
        patient, system = target(resource.get("patient"), "Patient"), self._system("sesame-consent-purpose")
        kinds = (code for concept in resource.get("category", ()) for code in codes(concept, system))
        purposes, status = frozenset(kinds), resource.get("status")
        verdict = "deny" if status == "rejected" else resource.get("provision", {}).get("type")
        if patient is None or not purposes or verdict is None or status not in DECIDED:
            return None
        permits = verdict == "permit"
        if permits and "research" in purposes and not _is_signed(resource):
            purposes -= {"research"}
        return (patient, Decision(purposes, resource.get("dateTime"), permits)) if purposes else None

    def _score(self, resource: Resource) -> PatientFact:
        patient = target(resource.get("subject"), "Patient")
        moment, value = resource.get("effectiveDateTime"), resource.get("valueInteger")
        scales = (
            code
            for system in (LOINC, self._system("sesame-scale"))
            for code in codes(resource.get("code"), system)
        )
        on, scale = day(moment), next(scales, None)
        if patient is None or on is None or scale is None or value is None:
            return None
        if resource.get("status") not in VALID_STATUSES:
            return None
        return patient, Score(scale, on, start_micros(str(moment)), value)

    def _alert(self, resource: Resource) -> PatientFact:
        patient, period = target(resource.get("subject"), "Patient"), resource.get("period", {})
        kinds = codes(resource.get("code"), self._system("sesame-flag-code"))
        if patient is None or "suicide-risk" not in kinds or resource.get("status") == IN_ERROR:
            return None
        start, end = day(period.get("start")), day(period.get("end"))
        return patient, Alert(start, end, resource.get("status") == "active")

    def _sequence(self, resource: Resource) -> PatientFact:
        found = sequence_of(self._guide, resource)
        if found is None or not found.counts:
            return None
        return found.patient, Sequence(
            id=found.id,
            episode=found.episode,
            number=found.number,
            track=found.track,
            rank=found.rank,
            start=found.start,
            end=found.end,
            status=found.status,
        )

    def _team(self, resource: Resource) -> PatientFact:
        patient, period = target(resource.get("subject"), "Patient"), resource.get("period", {})
        if patient is None or resource.get("status") not in ("active", "inactive"):
            return None
        system = self._system("sesame-role")
        members = (
            target(member.get("member"), "PractitionerRole")
            for member in resource.get("participant", ())
            if any("psychiatre" in codes(role, system) for role in member.get("role", ()))
        )
        psychiatrists = tuple(member for member in members if member)
        return patient, Team(psychiatrists, day(period.get("start")), day(period.get("end")))

    def _referral(self, resource: Resource) -> PatientFact:
        patient, on = target(resource.get("for"), "Patient"), day(resource.get("authoredOn"))
        kinds = codes(resource.get("code"), self._system("sesame-task-code"))
        was_none = "referral" not in kinds or resource.get("status") == IN_ERROR
        if patient is None or on is None or was_none:
            return None
        return patient, Referral(
            id=resource["id"],
            request=target(resource.get("focus"), "ServiceRequest"),
            status=resource.get("status", ""),
            day=on,
            owner=target(resource.get("owner"), "PractitionerRole"),
            requester=target(resource.get("requester"), "PractitionerRole"),
        )

    def _claim(self, resource: Resource) -> PatientFact:
        patient = target(resource.get("patient"), "Patient")
        start = day(resource.get("billablePeriod", {}).get("start"))
        system = self._system("sesame-forfait")
        items = resource.get("item", ())
        forfait = next((code for item in items for code in codes(item["productOrService"], system)), None)
        amount = resource.get("total", {}).get("value")
        if patient is None or start is None or forfait is None or amount is None:
            return None
        return patient, Claim(resource["id"], resource.get("status", ""), forfait, start, amount)

    def _answers(self, resource: Resource) -> PatientFact:
        on = day(resource.get("authored"))
        form = self._guide.canonical("Questionnaire", "satisfaction-patient")
        if on is None or questionnaire_of(resource) != form:
            return None
        return (None, Answers(on)) if resource.get("status") in DONE else None


def _person(resource: Resource) -> PatientFact:
    names = resource.get("name", [])
    name = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    parts = [name.get("family", ""), *name.get("given", ())]
    full_name = " ".join(part for part in parts if part)
    merged = tuple(merged_with(resource))
    return resource["id"], Person(full_name, resource.get("birthDate", ""), resource.get("gender"), merged)


def _review(resource: Resource) -> PatientFact:
    patient, on = target(resource.get("subject"), "Patient"), day(resource.get("date"))
    if patient is None or on is None or resource.get("status") != "completed" or not resource.get("summary"):
        return None
    return patient, Review(on, target(resource.get("encounter"), "Encounter"))


def _is_signed(consent: Resource) -> bool:
    """Whether the signed form is attached, or its signature was verified."""
    attached = "sourceAttachment" in consent or "sourceReference" in consent
    return attached or any(one.get("verified") is True for one in consent.get("verification", ()))


def _role(resource: Resource) -> PatientFact:
    return None, Role(target(resource.get("organization"), "Organization"))


def _site(resource: Resource) -> PatientFact:
    return None, Site(resource.get("name", ""), _department(resource))


def _department(resource: Resource) -> str | None:
    """The département from the postal code, otherwise from the FINESS number."""
    written = [address.get("postalCode") for address in resource.get("address", ())]
    number = next((text for text in (*written, identifier_value(resource, FINESS)) if text), "")
    found = DEPARTMENT.match(number)
    return found[0] if found else None
