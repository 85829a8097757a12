"""The kinds of searches whose time is measured as a store grows.

Those that are `held` must not cost more in a larger store: an index leads to their matches, and only the
matches on the page are read. The others say why they are not held to it. https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from benchmarks import cohort, corpus
from benchmarks.cohort import called, code, family, patient_id, started, written

WITHOUT_TOTAL = "_total=none"
"""Used wherever there are more matches than fit the page: only the shape `total` measures counting."""

Ask = Callable[[int], str]
"""Returns the search for patient n, relative to the base."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of search; `pages` is the number of pages to skip before the measured one."""

    name: str
    ask: Ask
    why_not: str = ""
    pages: int = 0

    @property
    def held(self) -> bool:
        return not self.why_not


def requests(shape: Shape, patients: int, wanted: int) -> Iterator[str]:
    """`wanted` searches, for patients spread over the cohort."""
    for place in range(wanted):
        yield shape.ask(place * 7_919 % patients)


def _search(type: str, *criteria: tuple[str, str], more: str = "") -> str:
    """The search with its values escaped."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in criteria)
    return f"{type}?{asked}{more and '&' + more}"


def _subject(number: int) -> tuple[str, str]:
    return "patient", f"Patient/{patient_id(number)}"


def _identifier(number: int) -> str:
    record = corpus.record_number(number)
    return f"{record['system']}|{record['value']}"


def _month(number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two criteria: a date from a day of the patient's care, and before a day one month later."""
    first = started(number)
    return ("date", f"ge{first}"), ("date", f"lt{first + timedelta(days=30)}")


def _heavy(number: int) -> str:
    """A criterion on body weight that one in ten matches."""
    return f"gt{100 + number % 10}|{corpus.UCUM}|kg"


def _born(number: int) -> date:
    return date.fromisoformat(corpus.patient(number)["birthDate"])


def _instant(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()


def _any_of(number: int) -> str:
    return ",".join(_identifier(number + further) for further in range(-2, 3))


SHAPES: tuple[Shape, ...] = (
    Shape("identifier", lambda n: _search("Patient", ("identifier", _identifier(n)))),
    Shape("id", lambda n: _search("Patient", ("_id", patient_id(n)))),
    Shape(
        "name and birth date",
        lambda n: _search("Patient", ("family", family(n)[:6]), ("birthdate", f"{_born(n)}")),
    ),
    Shape("name prefix", lambda n: _search("Patient", ("name", called(n)[:-2]), more=WITHOUT_TOTAL)),
    Shape(
        "family prefix",
        lambda n: _search("Patient", ("family", family(n)[:-2]), more=WITHOUT_TOTAL),
        why_not="half find 2 of 1,000 patients, and 6 of 16,000",
    ),
    Shape(
        "frequent name",
        lambda n: _search("Patient", ("family", family(n)[:5]), more=WITHOUT_TOTAL),
        why_not="one patient in fifty",
    ),
    Shape(
        "one letter",
        lambda n: _search("Patient", ("family", family(n)[:1])),
        why_not="matches and their total grow with the store",
    ),
    Shape("reference", lambda n: _search("Observation", _subject(n))),
    Shape(
        "compartment",
        lambda n: _search(f"Patient/{patient_id(n)}/Observation", ("code", code(n))),
    ),
    Shape(
        "token and date",
        lambda n: _search("Observation", ("code", code(n)), *_month(n), more=WITHOUT_TOTAL),
    ),
    Shape(
        "sorted page",
        lambda n: _search(
            "Observation",
            ("code", code(n)),
            ("date", f"ge{started(n)}"),
            more=f"_sort=-date&{WITHOUT_TOTAL}",
        ),
    ),
    Shape(
        "sorted month",
        lambda n: _search("Observation", ("code", code(n)), *_month(n), more=f"_sort=-date&{WITHOUT_TOTAL}"),
    ),
    Shape("date range", lambda n: _search("Encounter", *_month(n), more=WITHOUT_TOTAL)),
    Shape("latest", lambda n: _search("Observation", _subject(n), more="_sort=-date&_count=5")),
    Shape(
        "code and value",
        lambda n: _search(
            "Observation", ("code", code(4)), ("value-quantity", _heavy(n)), more=WITHOUT_TOTAL
        ),
    ),
    Shape(
        "composite",
        lambda n: _search(
            "Observation", ("code-value-quantity", f"{code(4)}${_heavy(n)}"), more=WITHOUT_TOTAL
        ),
    ),
    Shape("quantity", lambda n: _search("Observation", ("value-quantity", _heavy(n)), more=WITHOUT_TOTAL)),
    Shape(
        "chain", lambda n: _search("Observation", ("patient.identifier", _identifier(n)), ("code", code(n)))
    ),
    Shape(
        "_has",
        lambda n: _search(
            "Patient", ("_has:QuestionnaireResponse:patient:identifier", cohort.response_number(n))
        ),
    ),
    Shape(
        "include",
        lambda n: _search(
            "Observation",
            _subject(n),
            ("code", code(n)),
            more="_include=Observation:patient&_include=Observation:encounter",
        ),
    ),
    Shape(
        "revinclude",
        lambda n: _search("Patient", ("identifier", _identifier(n)), more="_revinclude=CarePlan:patient"),
    ),
    Shape("any of five", lambda n: _search("Patient", ("identifier", _any_of(n)))),
    Shape("not", lambda n: _search("CarePlan", _subject(n), ("status:not", "revoked"))),
    Shape("missing", lambda n: _search("Encounter", _subject(n), ("location:missing", "true"))),
    Shape(
        "last updated",
        lambda n: _search(
            "Patient",
            ("_lastUpdated", f"ge{_instant(written(n))}"),
            ("_lastUpdated", f"lt{_instant(written(n + 60))}"),
        ),
    ),
    Shape("deep page", lambda n: _search("Observation", ("code", code(n)), more=WITHOUT_TOTAL), pages=100),
    Shape(
        "total",
        lambda n: _search("Observation", ("code", code(n)), more="_summary=count"),
        why_not="counts every match",
    ),
)
