"""The course of one synthetic patient from referral to exit: plain facts, drawn at random."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from mappings.sesame.pathway.calendar import add_months

# The reference day of the cohort: all events are before it, whatever the wall clock says.
AS_OF = date(2025, 6, 30)
SEQUENCE_MONTHS = 3
CONTACT_EVERY_DAYS: Mapping[int, int] = {1: 14, 2: 28, 3: 28, 4: 28}
"""Days between contacts, by the rank of the sequence."""
SCALE_EVERY_CONTACTS = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """A point of the pathway: codes of the guide's code systems, and the number of sequences begun."""

    status: str
    business_status: str | None = None
    reject_reason: str | None = None
    track: str | None = None
    sequences: int = 0
    exit_reason: str | None = None


STAGES = (
    Stage("requested"),
    Stage("received", "contact-attempted"),
    Stage("rejected", reject_reason="psychiatric-follow-up"),
    Stage("accepted", "first-appointment-booked"),
    Stage("in-progress", "assessed-classique", track="classique"),
    Stage("in-progress", "assessed-classique", track="classique", sequences=1),
    Stage("in-progress", "assessed-classique", track="classique", sequences=2),
    Stage("in-progress", "assessed-classique", track="classique", sequences=3),
    Stage("in-progress", "assessed-classique", track="classique", sequences=4),
    Stage("in-progress", "assessed-leger", track="leger", sequences=1),
    Stage("completed", "assessed-classique", track="classique", sequences=2, exit_reason="goals-reached"),
    Stage("completed", "assessed-leger", track="leger", sequences=1, exit_reason="end-of-sequences"),
)


@dataclass(frozen=True, slots=True)
class Sequence:
    """One sequence of care; its last day is included."""

    rank: int
    start: date
    end: date
    over: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """A nurse contact, and the PHQ-9 answers taken at it, if any."""

    day: date
    modality: str
    phq9: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that happened to a patient up to the reference day."""

    number: int
    stage: Stage
    referred_on: date
    assessed_on: date | None
    phq9: tuple[int, ...]
    gad7: tuple[int, ...]
    sequences: tuple[Sequence, ...]
    contacts: tuple[Contact, ...]
    reviewed_on: tuple[date, ...] = ()

    @property
    def psychiatric_follow_up(self) -> bool:
        return self.stage.reject_reason == "psychiatric-follow-up"

    @property
    def exited_on(self) -> date | None:
        return self.sequences[-1].end if self.stage.exit_reason else None


def plan_course(random: Random, number: int, stage: Stage) -> Course:
    """The course of patient `number`, who is at `stage` on the day `AS_OF`."""
    baseline = random.randint(6, 9) if stage.track == "leger" else random.randint(12, 22)
    sequences = _sequences(random, stage)
    assessed_on = _assessed_on(random, stage, sequences)
    referred_on = (assessed_on or AS_OF) - timedelta(days=random.randint(5, 15))
    return Course(
        number=number,
        stage=stage,
        referred_on=referred_on,
        assessed_on=assessed_on,
        phq9=draw_answers(random, baseline, questions=9, spared=1),
        gad7=draw_answers(random, random.randint(4, 16), questions=7),
        sequences=sequences,
        contacts=draw_contacts(random, baseline, sequences, CONTACT_EVERY_DAYS, AS_OF),
    )


def draw_answers(random: Random, total: int, questions: int, spared: int = 0) -> tuple[int, ...]:
    """Answers from 0 to 3 with the sum `total`; the last `spared` answers are 0."""
    answers = [0] * questions
    for _ in range(total):
        open_questions = [place for place in range(questions - spared) if answers[place] < 3]
        answers[random.choice(open_questions)] += 1
    return tuple(answers)


def _sequences(random: Random, stage: Stage) -> tuple[Sequence, ...]:
    """The sequences begun. All bounds are computed from the first start, so that a 31st does not drift."""
    if not stage.sequences:
        return ()
    if stage.exit_reason:
        first = add_months(AS_OF - timedelta(days=random.randint(5, 60)), -SEQUENCE_MONTHS * stage.sequences)
    else:
        current = AS_OF - timedelta(days=random.randint(20, 70))
        first = add_months(current, -SEQUENCE_MONTHS * (stage.sequences - 1))
    return sequences_from(first, stage.sequences, AS_OF)


def sequences_from(first: date, count: int, as_of: date) -> tuple[Sequence, ...]:
    """`count` sequences, the first of which begins on `first`, in their state on the day `as_of`."""
    bounds = [add_months(first, SEQUENCE_MONTHS * place) for place in range(count + 1)]
    return tuple(
        Sequence(rank, start, _last_day(start, after), after <= as_of)
        for rank, (start, after) in enumerate(pairwise(bounds), start=1)
    )


def _last_day(start: date, following: date) -> date:
    """The last day: before the next sequence starts, and at most three months after its own start."""
    return min(following, add_months(start, SEQUENCE_MONTHS)) - timedelta(days=1)


def _assessed_on(random: Random, stage: Stage, sequences: tuple[Sequence, ...]) -> date | None:
    if sequences:
        return sequences[0].start
    return AS_OF - timedelta(days=random.randint(1, 3)) if stage.track else None


def draw_contacts(
    random: Random,
    baseline: int,
    sequences: tuple[Sequence, ...],
    every_days: Mapping[int, int],
    as_of: date,
) -> tuple[Contact, ...]:
    """The contacts up to the day `as_of`; `every_days` is the interval in days by rank of the sequence."""
    found: list[Contact] = []
    for sequence in sequences:
        day = sequence.start + timedelta(days=every_days[sequence.rank])
        while day <= min(sequence.end, as_of):
            progress = (day - sequences[0].start) / (sequences[-1].end - sequences[0].start)
            answers = _later_answers(random, baseline, progress) if _measured(len(found)) else None
            found.append(Contact(day, random.choice(("AMB", "AMB", "VR", "HH")), answers))
            day += timedelta(days=every_days[sequence.rank])
    return tuple(found)


def _measured(contacts_before: int) -> bool:
    return contacts_before % SCALE_EVERY_CONTACTS == SCALE_EVERY_CONTACTS - 1


def _later_answers(random: Random, baseline: int, progress: float) -> tuple[int, ...]:
    """PHQ-9 answers of a patient who improves, to remission before the last sequence ends."""
    score = max(1, round(baseline * (1 - 1.1 * progress)) + random.choice((-1, 0, 0, 1)))
    return draw_answers(random, score, questions=9, spared=1)
