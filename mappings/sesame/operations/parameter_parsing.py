"""Parses the values of operation parameters.

https://hl7.org/fhir/R4/operations.html#request
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine
from mappings.sesame.caseload.fact_reader import DEPARTMENT
from mappings.sesame.operations import messages

DAYS_MAX = 1_000

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""`date.fromisoformat` alone would also accept weeks, and dates without hyphens."""


def today(engine: Engine) -> date:
    """Today by the engine's clock and time zone."""
    return datetime.fromtimestamp(engine.now() // 1_000_000, UTC).astimezone(engine.zone).date()


def parse_day(name: str, text: str | None) -> date | None:
    """A date; None where it is not given. Raises `InvalidRequest` for any other text."""
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidRequest.of(messages.BAD_DATE(name=name, value=text[:40]), f"http.{name}")


def day_or_today(text: str | None, engine: Engine) -> date:
    """The parameter `date`, by default today. Raises `InvalidRequest` for any other text."""
    return parse_day("date", text) or today(engine)


def parse_number(name: str, text: str | None, default: int) -> int:
    """A whole number from 0 to 1,000. Raises `InvalidRequest` for any other text."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= DAYS_MAX):
        problem = messages.BAD_NUMBER(name=name, value=text[:40], most=DAYS_MAX)
        raise InvalidRequest.of(problem, f"http.{name}")
    return int(text)


def parse_choice(name: str, text: str | None, choices: Sequence[str]) -> str:
    """One of the choices, by default the first. Raises `InvalidRequest` for any other text."""
    if text is None:
        return choices[0]
    if text not in choices:
        problem = messages.BAD_CHOICE(name=name, value=text[:40], valid=", ".join(choices))
        raise InvalidRequest.of(problem, f"http.{name}")
    return text


def parse_department(text: str | None) -> str | None:
    """The number of a département. Raises `InvalidRequest` for any other text."""
    if text is not None and not DEPARTMENT.fullmatch(text):
        raise InvalidRequest.of(messages.BAD_DEPARTMENT(value=text[:40]), "http.department")
    return text


def parse_reference(name: str, text: str | None, type: str) -> str | None:
    """The id in `id` or `Type/id`. Raises `InvalidRequest` for another type."""
    if text is None:
        return None
    before, slash, id = text.rpartition("/")
    if (slash and before != type) or not id:
        problem = messages.BAD_REFERENCE(name=name, value=text[:80], type=type)
        raise InvalidRequest.of(problem, f"http.{name}")
    return id
