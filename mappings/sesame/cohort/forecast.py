"""The cohort forecast by the opinion of the comité technique (June 2023): 2,910 patients over three years.

Every patient has all the sequences that the forecast counts. All data are synthetic and reproducible from the
seed.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from random import Random

from mappings.sesame.cohort.admissions import Admission, admissions
from mappings.sesame.cohort.bundles import make_context, patient_bundles
from mappings.sesame.cohort.course import (
    Course,
    Sequence,
    Stage,
    draw_answers,
    draw_contacts,
    sequences_from,
)
from mappings.sesame.cohort.forecast_table import read_forecast
from mappings.sesame.cohort.team import team_bundle
from mappings.sesame.guide import Resource, read_guide

SEED = 2023
# Lower numbers are those of the small cohort, beside which this one may be loaded.
FIRST_NUMBER = 1_001
# The last day of the forecast: nothing begins later, and what ends later is still under way.
AS_OF = date(2026, 8, 31)
# Four contacts in the first twelve weeks, then one a month.
CONTACT_EVERY_DAYS = {1: 21, 2: 28, 3: 28, 4: 28}
LEGER_CONTACT_EVERY_DAYS = {1: 28}
REVIEWED_AFTER_DAYS = 56
EXIT_REASONS = ("goals-reached", "goals-reached", "end-of-sequences", "lost-to-follow-up", "other-referral")


def forecast_cohort(
    root: str | None = None, *, seed: int = SEED, scale: float = 1.0
) -> Iterator[tuple[Resource, ...]]:
    """The Bundle of the teams, then the Bundles of each patient as a group. They must be sent in this order.

    `root` is the canonical root of the guide that the resources follow; `scale` is from 0.01 to 1.
    Raises `ValueError` for any other scale.
    """
    courses = forecast_courses(seed, scale)
    context = make_context(read_guide(root))
    groups = (tuple(patient_bundles(context, course)) for course in courses)
    return chain([(team_bundle(context.guide, context.team),)], groups)


def forecast_courses(seed: int = SEED, scale: float = 1.0) -> Iterator[Course]:
    """The courses of all patients, sorted by the day on which their care begins."""
    admitted = admissions(Random(f"{seed}-forecast"), read_forecast(scale))
    return (
        _course(Random(f"{seed}-forecast-{number}"), number, admission)
        for number, admission in enumerate(admitted, start=FIRST_NUMBER)
    )


def _course(random: Random, number: int, admission: Admission) -> Course:
    is_leger = admission.track == "leger"
    baseline = random.randint(6, 9) if is_leger else random.randint(12, 22)
    sequences = sequences_from(admission.start, admission.sequences, AS_OF)
    every_days = LEGER_CONTACT_EVERY_DAYS if is_leger else CONTACT_EVERY_DAYS
    return Course(
        number=number,
        stage=_stage(random, admission, sequences[-1].over),
        referred_on=admission.start - timedelta(days=random.randint(5, 15)),
        assessed_on=admission.start,
        phq9=draw_answers(random, baseline, questions=9, spared=1),
        gad7=draw_answers(random, random.randint(4, 16), questions=7),
        sequences=sequences,
        contacts=draw_contacts(random, baseline, sequences, every_days, AS_OF),
        reviewed_on=() if is_leger else tuple(_reviews(sequences)),
    )


def _stage(random: Random, admission: Admission, over: bool) -> Stage:
    return Stage(
        status="completed" if over else "in-progress",
        business_status=f"assessed-{admission.track}",
        track=admission.track,
        sequences=admission.sequences,
        exit_reason=random.choice(EXIT_REASONS) if over else None,
    )


def _reviews(sequences: tuple[Sequence, ...]) -> Iterator[date]:
    """One case review in each sequence, up to the last day of the forecast."""
    for sequence in sequences:
        day = sequence.start + timedelta(days=REVIEWED_AFTER_DAYS)
        if day <= AS_OF:
            yield day
