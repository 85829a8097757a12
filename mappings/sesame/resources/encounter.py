"""An initial assessment or a nurse contact, which also satisfies fr-core-encounter.

https://hl7.org/fhir/R4/encounter.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import ACT_CODE, concept, period, present, resource

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

PROFILES = {
    "initial-assessment": "sesame-encounter-initial-assessment",
    "nurse-contact": "sesame-encounter-contact",
}


def encounter(
    guide: Guide,
    *,
    identifier: Resource,
    kind: str,
    modality: str,
    patient: Resource,
    episode: Resource,
    nurse: Resource,
    start: str,
    end: str,
    referral: Resource | None = None,
) -> Resource:
    """A finished Encounter; `kind` is a code of sesame-encounter-type, `modality` AMB, VR or HH."""
    return resource("Encounter", guide.profile(PROFILES[kind])) | present(
        identifier=[identifier],
        status="finished",
        **{"class": {"system": ACT_CODE, "code": modality}},
        type=[guide.concept("sesame-encounter-type", kind)],
        subject=patient,
        episodeOfCare=[episode],
        basedOn=[referral] if referral else None,
        participant=[{"type": [concept(PARTICIPATION, "PPRF")], "individual": nurse}],
        period=period(start, end),
    )
