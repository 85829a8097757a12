"""The rows of a nurse's lists: an episode as a CSV row, or as a parameter with parts."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fhir_server.extension import Resource
from fhir_server.issues import Language
from mappings.sesame.caseload.episode_summary import SCALES, EpisodeSummary
from mappings.sesame.caseload.next_step import next_step
from mappings.sesame.caseload.unreadable import warning
from mappings.sesame.policy import Policy
from mappings.sesame.tables import Cell

COLUMNS = (
    "parcours",
    "patient",
    "nom",
    "naissance",
    "debut",
    "jours",
    "forfait",
    "rang",
    "fin_sequence",
    "echelle",
    "score_initial",
    "score_actuel",
    "date_score",
    "evolution_pourcent",
    "contacts",
    "dernier_contact",
    "derniere_revue",
    "alerte",
    "etape",
    "etape_avant",
    "etape_texte",
)

PARTS: Mapping[str, tuple[str, str]] = {
    "debut": ("start", "valueDate"),
    "jours": ("days-in-care", "valueInteger"),
    "forfait": ("track", "valueCode"),
    "rang": ("rank", "valuePositiveInt"),
    "fin_sequence": ("sequence-end", "valueDate"),
    "echelle": ("scale", "valueString"),
    "score_initial": ("baseline-score", "valueInteger"),
    "score_actuel": ("last-score", "valueInteger"),
    "date_score": ("last-score-date", "valueDate"),
    "evolution_pourcent": ("change-percent", "valueInteger"),
    "contacts": ("contacts", "valueUnsignedInt"),
    "dernier_contact": ("last-contact", "valueDate"),
    "derniere_revue": ("last-review", "valueDate"),
    "alerte": ("suicide-alert", "valueBoolean"),
    "etape": ("next-step", "valueCode"),
    "etape_avant": ("next-step-due", "valueDate"),
    "etape_texte": ("next-step-text", "valueString"),
}
"""The name and the value element of the part for each column."""


def row(policy: Policy, summary: EpisodeSummary, language: Language) -> dict[str, Cell]:
    """The cells of an episode, by column."""
    person, sequence, trend = summary.person, summary.sequence, summary.trend
    step = next_step(policy, summary)
    return {
        "parcours": summary.episode.number,
        "patient": summary.patient,
        "nom": person.name if person else None,
        "naissance": person.birth_date if person else None,
        "debut": summary.episode.start,
        "jours": summary.days_in_care,
        "forfait": sequence.track if sequence else None,
        "rang": sequence.rank if sequence else None,
        "fin_sequence": sequence.end if sequence else None,
        "echelle": SCALES[trend.scale] if trend else None,
        "score_initial": trend.baseline.value if trend else None,
        "score_actuel": trend.current.value if trend else None,
        "date_score": trend.current.day if trend else None,
        "evolution_pourcent": trend.change_percent if trend else None,
        "contacts": summary.contacts,
        "dernier_contact": summary.last_contact,
        "derniere_revue": summary.last_review,
        "alerte": summary.alert,
        "etape": step.code,
        "etape_avant": step.due,
        "etape_texte": step.text.render(language),
    }


def unreadable_rows(references: Iterable[str], language: Language) -> list[dict[str, Cell]]:
    """A row with only the warning, for each resource that could not be read."""
    return [{"etape_texte": warning(reference).text.render(language)} for reference in references]


def parameter(summary: EpisodeSummary, cells: Mapping[str, Cell], more: Iterable[Resource] = ()) -> Resource:
    """The cells as a parameter `episode`, with references to the patient, the episode and the sequence."""
    parts: list[Resource] = [
        _reference("patient", "Patient", summary.patient, summary.person.name if summary.person else None),
        _reference("episode", "EpisodeOfCare", summary.episode.id, summary.episode.number),
    ]
    if summary.sequence:
        parts.append(_reference("sequence", "CarePlan", summary.sequence.id, summary.sequence.number))
    parts += [
        {"name": name, element: _value(cells[column])}
        for column, (name, element) in PARTS.items()
        if cells[column] is not None
    ]
    return {"name": "episode", "part": [*parts, *more]}


def _reference(name: str, type: str, id: str, display: str | None) -> Resource:
    reference = {"reference": f"{type}/{id}"} | ({"display": display} if display else {})
    return {"name": name, "valueReference": reference}


def _value(cell: Cell) -> Any:
    return cell.isoformat() if isinstance(cell, date) else cell
