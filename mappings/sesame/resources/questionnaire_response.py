"""The answers to a scale or to the referral form.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Sequence

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import present, resource
from mappings.sesame.scales import Scale


def scale_response(
    guide: Guide,
    *,
    identifier: Resource,
    scale: Scale,
    answers: Sequence[int],
    patient: Resource,
    authored: str,
    encounter: Resource | None = None,
    author: Resource | None = None,
) -> Resource:
    """A completed QuestionnaireResponse; `answers` are the ordinals, one per question, in order."""
    items = [
        _item(question, {"valueCoding": scale.options[ordinal]})
        for question, ordinal in zip(scale.questions, answers, strict=True)
    ]
    items.append(_item(scale.total, {"valueInteger": scale.score(answers)}))
    profile = guide.profile(f"sesame-questionnaireresponse-{scale.id.replace('-', '')}")
    return resource("QuestionnaireResponse", profile) | present(
        identifier=identifier,
        questionnaire=scale.questionnaire,
        status="completed",
        subject=patient,
        encounter=encounter,
        authored=authored,
        author=author,
        item=items,
    )


def referral_form(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    authored: str,
    author: Resource,
    psychiatric_follow_up: bool,
) -> Resource:
    """The completed referral form of a general practitioner."""
    return resource("QuestionnaireResponse") | {
        "identifier": identifier,
        "questionnaire": guide.canonical("Questionnaire", "adressage"),
        "status": "completed",
        "subject": patient,
        "authored": authored,
        "author": author,
        "item": [_item("suivi-psychiatrique", {"valueBoolean": psychiatric_follow_up})],
    }


def _item(link_id: str, answer: Resource) -> Resource:
    return {"linkId": link_id, "answer": [answer]}
