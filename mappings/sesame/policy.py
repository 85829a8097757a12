"""The settings for what the documents of SÉSAME leave open, with their defaults.

Stated rules are not settings: the price, three months, four sequences, twelve months, a léger that is never
renewed, adults, no psychiatric follow-up, the assessment first. `docs/pathway.md` lists every setting with
its source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, get_args, get_type_hints

Verdict = Literal["allow", "warn", "refuse"]
Moment = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings. Days are calendar days, ages completed years."""

    claim_at: Moment = "start"
    minimum_contacts: int = 0
    leger_months: int = 3
    leger_then_classique: Verdict = "warn"
    classique_then_leger: Verdict = "refuse"
    gaps: Verdict = "allow"
    complete_team: Verdict = "refuse"
    one_open_episode: Verdict = "refuse"
    adult_age: int = 18
    window_start: date | None = None
    window_end: date | None = None
    not_improved_days: int = 70
    review_days: int = 60
    contact_days: int = 28
    elevated_score: int = 10
    alert_days: int = 1
    evaluation_key_file: str | None = None
    research_key_file: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Policy":
        """The settings given in `options`, the others at their defaults. Raises `ValueError` naming a wrong
        one.
        """
        known = get_type_hints(cls)
        for name in options:
            if name not in known:
                valid = ", ".join(field.name for field in fields(cls))
                raise ValueError(f"sesame has no option {name!r}: expected one of {valid}")
        return cls(**{name: _value(name, known[name], given) for name, given in options.items()})


def _value(name: str, kind: Any, given: Any) -> Any:
    if kind is int:
        if type(given) is int and 0 <= given <= 1_000:
            return given
        raise ValueError(f"sesame.{name}: expected a number from 0 to 1000, not {given!r}")
    if kind == str | None:
        if given is None or (isinstance(given, str) and given):
            return given
        raise ValueError(f"sesame.{name}: expected the path of a file, not {given!r}")
    if choices := [choice for choice in get_args(kind) if isinstance(choice, str)]:
        if given in choices:
            return given
        raise ValueError(f"sesame.{name}: expected one of {', '.join(choices)}, not {given!r}")
    try:
        return None if given is None else date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sesame.{name}: expected a date such as 2023-11-01, not {given!r}") from error
