"""A cohort of any size: each patient with twenty Observations, Encounters, a CarePlan and answers to scales.

Patient n is the same in a cohort of any size, so that a larger cohort extends a smaller one.
https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle
from random import Random

from benchmarks import corpus
from benchmarks.corpus import FAMILIES, LOINC, MEASURES, SEED, Resource

OBSERVATIONS = 20
VISITS = 3
RESPONSES = 3
PER_PATIENT = 1 + VISITS + 1 + RESPONSES + OBSERVATIONS
FIRST_DAY = date(2020, 1, 6)
DAYS = 1_800
FIRST_WRITTEN_SECONDS = 1_735_689_600
"""The beginning of 2025."""
RESPONSE_RECORD = "https://hopital.example.org/reponse"
QUESTIONNAIRE = "https://hopital.example.org/Questionnaire/"
SCALES = (("phq-9", 9), ("gad-7", 7))
PLAN_STATUSES = ("active", "active", "completed", "revoked")
VISIT_WEEKS = (0, 2, 12)


def patient_id(number: int) -> str:
    """The id of patient `number`."""
    return f"cohort-{number}"


def written(number: int) -> int:
    """The time of the write of patient `number`, one per minute, in UTC microseconds."""
    return (FIRST_WRITTEN_SECONDS + 60 * number) * 1_000_000


def family(number: int) -> str:
    """A family name: two in three are double names, shared by few among thousands."""
    random = Random(f"{SEED}/family/{number}")
    name = random.choice(FAMILIES)
    return f"{name}-{random.choice(FAMILIES)}" if random.randrange(3) else name


def called(number: int) -> str:
    """An almost unique full name, given name first."""
    return f"{_usual_given(corpus.patient(number))} {family(number)}"


def started(number: int) -> date:
    """The day on which the care of patient `number` begins."""
    return FIRST_DAY + timedelta(days=Random(f"{SEED}/started/{number}").randrange(DAYS))


def care(number: int) -> Iterator[Resource]:
    """The resources of one patient, each with its id."""
    random = Random(f"{SEED}/care/{number}")
    id = patient_id(number)
    subject = {"reference": f"Patient/{id}"}
    days = [started(number) + timedelta(weeks=weeks) for weeks in VISIT_WEEKS]
    visits = [f"Encounter/{id}-{place}" for place in range(VISITS)]
    yield _patient(number)
    for place, day in enumerate(days):
        yield {
            **corpus.encounter(subject, f"ServiceRequest/{id}", f"Condition/{id}", day),
            "id": f"{id}-{place}",
        }
    yield _plan(id, subject, random.choice(PLAN_STATUSES), days)
    for place, (day, visit) in enumerate(zip(days, visits, strict=True)):
        yield _response(random, f"{id}-{place}", subject, visit, day)
    for place, measure in zip(range(OBSERVATIONS), cycle(MEASURES), strict=False):
        # Every measure at every visit, so that all codes have the same dates.
        turn = place // len(MEASURES) % VISITS
        visit, day = visits[turn], days[turn]
        later = day + timedelta(days=random.randrange(7))
        taken = {
            "id": f"{id}-{place}",
            "effectiveDateTime": corpus.at(later, 8 + random.randrange(10), random.randrange(60)),
        }
        yield corpus.observation(random, measure, subject, visit, later) | taken


def care_of_type(number: int, type: str) -> Iterator[Resource]:
    """One patient's resources of a type."""
    if type == "Patient":
        return iter([_patient(number)])
    return (one for one in care(number) if one["resourceType"] == type)


def response_number(number: int, place: int = 0) -> str:
    """The identifier of a patient's answers at one of the visits."""
    return f"{patient_id(number)}-{place}"


def code(place: int) -> str:
    """The system and code of a patient's Observation at index `place`."""
    return f"{LOINC}|{MEASURES[place % len(MEASURES)][0]}"


def _patient(number: int) -> Resource:
    patient = corpus.patient(number)
    name = family(number)
    official, usual = patient["name"]
    names = [
        {**official, "family": name.upper()},
        {**usual, "family": name, "text": f"{_usual_given(patient)} {name}"},
    ]
    return {**patient, "id": patient_id(number), "name": names}


def _usual_given(patient: Resource) -> str:
    return str(patient["name"][1]["given"][0])


def _plan(id: str, subject: Resource, status: str, days: list[date]) -> Resource:
    return corpus.tagged(
        "CarePlan",
        id=id,
        status=status,
        intent="plan",
        category=[corpus.coded("http://snomed.info/sct", "736353004", "Inpatient care plan")],
        title="Plan de soins collaboratifs",
        subject=subject,
        period={"start": days[0].isoformat(), "end": days[-1].isoformat()},
        created=corpus.at(days[0], 11),
        activity=[{"detail": {"status": "scheduled", "description": "Appel de suivi"}}],
    )


def _response(random: Random, id: str, subject: Resource, visit: str, day: date) -> Resource:
    scale, questions = random.choice(SCALES)
    answers = [
        {"linkId": f"{scale}-{place}", "answer": [{"valueInteger": random.randrange(4)}]}
        for place in range(questions)
    ]
    return corpus.tagged(
        "QuestionnaireResponse",
        id=id,
        identifier={"system": RESPONSE_RECORD, "value": id},
        questionnaire=QUESTIONNAIRE + scale,
        status="completed",
        subject=subject,
        encounter={"reference": visit},
        authored=corpus.at(day, 10),
        item=answers,
    )
