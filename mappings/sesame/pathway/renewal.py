"""Whether a sequence can be renewed, when, and why not.

Source: avis du comité technique (June 2023), rules R3 to R6.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from fhir_server.issues import Text
from mappings.sesame.pathway import messages
from mappings.sesame.pathway.calendar import CLASSIQUE_MONTHS, RANK_MAX, WHOLE_MONTHS, add_days, last_day
from mappings.sesame.pathway.reading import Records, day
from mappings.sesame.pathway.sequence import Sequence, episode_of
from mappings.sesame.rules.messages import EPISODE_OVER, LEGER_ONCE, OVERLAP, TOO_MANY


@dataclass(frozen=True, slots=True)
class Renewal:
    """The next sequence: rank, first day and last day; and the obstacles, which are empty if it
    is allowed.
    """

    rank: int
    start: date
    end: date
    obstacles: tuple[Text, ...]


def renewal_of(
    sequence: Sequence, all_sequences: Iterable[Sequence], records: Records, start: date | None = None
) -> Renewal:
    """The renewal that begins on `start`, by default the day after the sequence ends.

    `all_sequences` are those of the patient. The renewal lasts three months from its own start, and ends
    within twelve months of the first start.
    """
    others = [one for one in all_sequences if one.id != sequence.id]
    same = [one for one in others if one.track == "classique" and one.episode == sequence.episode]
    first = min(one.start for one in (sequence, *same))
    latest = last_day(first, WHOLE_MONTHS)
    begins = start or add_days(sequence.end, 1)
    ends = min(last_day(begins, CLASSIQUE_MONTHS), latest)
    obstacles = (
        *_obstacles(sequence, same, begins, (first, latest)),
        *_neighbours(sequence, others, (begins, ends)),
        *_over(sequence, records, begins),
    )
    return Renewal(sequence.rank + 1, begins, ends, obstacles)


def _neighbours(sequence: Sequence, others: Iterable[Sequence], days: tuple[date, date]) -> Iterator[Text]:
    """Obstacles: other sequences of the patient that overlap the renewal."""
    begins, ends = days
    for one in others:
        if one.previous != sequence.id and begins <= one.end and one.start <= ends:
            yield OVERLAP(id=one.id, start=one.start, end=one.end)


def _over(sequence: Sequence, records: Records, begins: date) -> Iterator[Text]:
    """An obstacle: the episode ended before the renewal begins."""
    episode = episode_of(records, sequence)
    ended = day((episode or {}).get("period", {}).get("end"))
    if ended and begins > ended:
        yield EPISODE_OVER(ended=ended, start=begins)


def _obstacles(
    sequence: Sequence, same: Iterable[Sequence], start: date, year: tuple[date, date]
) -> Iterator[Text]:
    if sequence.track != "classique":
        yield LEGER_ONCE()
        return
    if not sequence.counts:
        yield messages.NOT_COUNTED(status=sequence.status)
    if sequence.rank >= RANK_MAX:
        yield TOO_MANY(most=RANK_MAX)
    if follower := next((one for one in same if one.previous == sequence.id), None):
        yield messages.RENEWED(id=follower.id)
    if start <= sequence.end:
        yield messages.STARTS_TOO_SOON(start=start, end=sequence.end)
    first, latest = year
    if start > latest:
        yield messages.YEAR_OVER(first=first, latest=latest, start=start)
