"""The figures of the comité technique's forecast (June 2023): patients, sequences and euros by period.

The figures and their source are in `forecast.json`; a smaller cohort keeps the proportions.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from importlib.resources import files
from typing import Any

from fhir_server.core import json
from mappings.sesame.tariff import price_on, read_tariff

SCALE_MIN = 0.01
"""The smallest scale: below it, some figures would be 0."""


@dataclass(frozen=True, slots=True)
class ForecastPeriod:
    """One period, both days included: patients who enter it with a léger or a classique, sequences of the
    classique that begin in it, and what both cost.
    """

    start: date
    end: date
    leger: int
    classique: int
    sequences: int
    euros: int

    @property
    def renewals(self) -> int:
        """Sequences that begin in the period and are not a patient's first."""
        return self.sequences - self.classique


def read_forecast(scale: float = 1.0) -> tuple[ForecastPeriod, ...]:
    """The periods as published, or scaled by `scale` (0.01 to 1) with euros computed from the tariff.

    Raises `ValueError` for a scale out of bounds.
    """
    if not SCALE_MIN <= scale <= 1:
        raise ValueError(f"expected a scale from {SCALE_MIN} to 1, not {scale}")
    published = json.parse(files("mappings.sesame.cohort").joinpath("forecast.json").read_bytes())
    periods = [_period(row) for row in published["columns"]]
    return tuple(periods if scale == 1 else (_scaled(period, Fraction(str(scale))) for period in periods))


def _period(row: dict[str, Any]) -> ForecastPeriod:
    return ForecastPeriod(
        start=date.fromisoformat(row["start"]),
        end=date.fromisoformat(row["end"]),
        leger=row["leger"],
        classique=row["classique"],
        sequences=row["sequences"],
        euros=row["euros"],
    )


def _scaled(period: ForecastPeriod, scale: Fraction) -> ForecastPeriod:
    leger, sequences = round(period.leger * scale), round(period.sequences * scale)
    euros = leger * _price("leger", period.start) + sequences * _price("classique", period.start)
    return ForecastPeriod(period.start, period.end, leger, round(period.classique * scale), sequences, euros)


def _price(forfait: str, day: date) -> int:
    """The price in whole euros: the forecast has no cents."""
    return int(json.decimal(price_on(read_tariff(), forfait, day).amount))
