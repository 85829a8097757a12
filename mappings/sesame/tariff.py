"""The tariff of the two forfaits: dated data, each row with its source, in `tariff.json`."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from fhir_server.core import json
from fhir_server.core.json import Number


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a forfait for sequences that start from `start` to `end`, both included."""

    forfait: str
    amount: Number
    currency: str
    start: date
    end: date | None
    source: str

    def holds_on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


def read_tariff() -> tuple[Price, ...]:
    """Every price on record."""
    rows = json.parse(files("mappings.sesame").joinpath("tariff.json").read_bytes())
    return tuple(
        Price(
            forfait=row["forfait"],
            amount=row["amount"],
            currency=row["currency"],
            start=date.fromisoformat(row["from"]),
            end=date.fromisoformat(row["until"]) if row["until"] else None,
            source=row["source"],
        )
        for row in rows
    )


def price_on(tariff: tuple[Price, ...], forfait: str, day: date) -> Price:
    """The price of `forfait` for a sequence that starts on `day`. Raises `LookupError` when there is none."""
    for price in tariff:
        if price.forfait == forfait and price.holds_on(day):
            return price
    raise LookupError(f"no tariff for the forfait {forfait!r} on {day}")
