"""The CSV table of an export: one row per episode."""

from collections.abc import Iterator
from datetime import date

from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.episode_summary import (
    SCALES,
    contact_days,
    in_twelve_weeks,
    reviews_of,
    sequences_of,
    trend_of,
    visits_of,
)
from mappings.sesame.caseload.facts import Episode, Person
from mappings.sesame.export.pseudonyms import Pseudonyms
from mappings.sesame.export.resources import GENDERS, month
from mappings.sesame.tables import Cell

COLUMNS = (
    "patient",
    "parcours",
    "sexe",
    "age",
    "departement",
    "mois_adressage",
    "mois_debut",
    "mois_fin",
    "statut",
    "motif_sortie",
    "sequences_classique",
    "sequences_leger",
    "contacts",
    "contacts_12_semaines",
    "revues",
    "echelle",
    "score_initial",
    "score_dernier",
    "mois_score_dernier",
    "reponse",
    "remission",
)
AGE_BAND_YEARS = 10


def rows(
    snapshot: Snapshot, patient: str, facts: PatientFacts, pseudonyms: Pseudonyms
) -> Iterator[dict[str, Cell]]:
    """The rows of a patient, one per episode."""
    for episode in facts.episodes.values():
        yield {
            "patient": pseudonyms.of("Patient", patient),
            "parcours": pseudonyms.of("EpisodeOfCare", episode.id),
            **_about(snapshot, facts, episode),
            **_care(facts, episode),
            **_scores(facts, episode),
        }


def _about(snapshot: Snapshot, facts: PatientFacts, episode: Episode) -> dict[str, Cell]:
    person = facts.person
    return {
        "sexe": person.gender if person and person.gender in GENDERS else None,
        "age": _age_band(person, episode.start),
        "departement": snapshot.department(snapshot.site_of(episode)),
        "mois_adressage": month(facts.referred_on(episode)),
        "mois_debut": month(episode.start),
        "mois_fin": month(episode.end),
        "statut": episode.status,
        "motif_sortie": episode.exit_reason,
    }


def _care(facts: PatientFacts, episode: Episode) -> dict[str, Cell]:
    tracks = [sequence.track for sequence in sequences_of(facts, episode)]
    contacts = contact_days(visits_of(facts, episode, date.max))
    return {
        "sequences_classique": tracks.count("classique"),
        "sequences_leger": tracks.count("leger"),
        "contacts": len(contacts),
        "contacts_12_semaines": in_twelve_weeks(contacts, episode),
        "revues": len(reviews_of(facts, episode, date.max)),
    }


def _scores(facts: PatientFacts, episode: Episode) -> dict[str, Cell]:
    trend = trend_of(facts, episode, date.max)
    if trend is None:
        return {}
    last = trend.last
    return {
        "echelle": SCALES[trend.scale],
        "score_initial": trend.baseline.value,
        "score_dernier": last.value if last else None,
        "mois_score_dernier": month(last.day) if last else None,
        "reponse": trend.responded,
        "remission": trend.remitted,
    }


def _age_band(person: Person | None, day: date) -> str | None:
    """The ten-year band of the age in the year of `day`, such as 40-49; None without a birth year."""
    year = person.birth_date[:4] if person else ""
    if not year.isdigit():
        return None
    low = (day.year - int(year)) // AGE_BAND_YEARS * AGE_BAND_YEARS
    return f"{low}-{low + AGE_BAND_YEARS - 1}"
