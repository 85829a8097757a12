"""Whether a sequence can be renewed, when, and why not.

Source: avis du comité technique (June 2023), rules R3 to R6.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from fhir_server.issues import Text
from mappings.sesame.operations import messages
from mappings.sesame.pathway.calendar import CLASSIQUE_MONTHS, RANK_MAX, WHOLE_MONTHS, add_days, last_day
from mappings.sesame.pathway.sequence import Sequence
from mappings.sesame.rules.messages import LEGER_ONCE, TOO_MANY


@dataclass(frozen=True, slots=True)
class Renewal:
    """The sequence that would follow: its rank, its first and its last day; and what stands against it."""

    rank: int
    start: date
    end: date
    obstacles: tuple[Text, ...]


def renewal_of(sequence: Sequence, all_sequences: Iterable[Sequence], start: date | None = None) -> Renewal:
    """The renewal that begins on `start`, by default on the day after the sequence's last.

    It lasts three months by its own start, and ends within twelve months of the first start.
    """
    same = [one for one in all_sequences if one.track == "classique" and one.episode == sequence.episode] or [
        sequence
    ]
    first = min(one.start for one in same)
    latest = last_day(first, WHOLE_MONTHS)
    begins = start or add_days(sequence.end, 1)
    ends = min(last_day(begins, CLASSIQUE_MONTHS), latest)
    obstacles = tuple(_obstacles(sequence, same, begins, (first, latest)))
    return Renewal(sequence.rank + 1, begins, ends, obstacles)


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
