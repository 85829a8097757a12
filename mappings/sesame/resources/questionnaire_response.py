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
    return _response(profile, identifier, scale.questionnaire, patient, authored, encounter, author, items)


def referral_form(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    authored: str,
    author: Resource,
    psychiatric_follow_up: bool,
    assessment: str | None = None,
    preferences: str | None = None,
) -> Resource:
    """The completed referral form of a general practitioner."""
    items = [_item("suivi-psychiatrique", {"valueBoolean": psychiatric_follow_up})]
    texts = {"evaluation-clinique": assessment, "preferences": preferences}
    items += [_item(link_id, {"valueString": text}) for link_id, text in texts.items() if text]
    form = guide.canonical("Questionnaire", "adressage")
    return _response(None, identifier, form, patient, authored, None, author, items)


def _item(link_id: str, answer: Resource) -> Resource:
    return {"linkId": link_id, "answer": [answer]}


def _response(
    profile: str | None,
    identifier: Resource,
    questionnaire: str,
    patient: Resource,
    authored: str,
    encounter: Resource | None,
    author: Resource | None,
    items: list[Resource],
) -> Resource:
    return resource("QuestionnaireResponse", profile) | present(
        identifier=identifier,
        questionnaire=questionnaire,
        status="completed",
        subject=patient,
        encounter=encounter,
        authored=authored,
        author=author,
        item=items,
    )
