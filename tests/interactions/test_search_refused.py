"""Searches that are refused before the store hears of them, by whichever door they come.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Callable
from typing import NoReturn
from urllib.parse import quote

import pytest

from fhir_server.search.limits import PARAMETERS_MAX, SHOWN_MAX, STEPS_MAX, VALUES_MAX
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from tests.interactions.bundles import batch, entry
from tests.interactions.client import Answer, Client, patient


class Deaf(MemoryStore):
    """A store that must not be searched."""

    def search(self, *_: object) -> NoReturn:
        raise AssertionError("the store was searched")

    included = explain = search  # type: ignore[assignment]


@pytest.fixture
def store() -> Store:
    return Deaf()


Door = Callable[[Client, str], Answer]

DOORS: dict[str, Door] = {
    "type": lambda client, query: client.get(f"Patient?{query}"),
    "form": lambda client, query: client.post(f"Patient/_search?{query}"),
    "system": lambda client, query: client.get(f"?_type=Patient&{query}"),
    "compartment": lambda client, query: client.get(f"Patient/1/Patient?{query}"),
    "conditional create": lambda client, query: client.post("Patient", patient(), if_none_exist=query),
    "conditional update": lambda client, query: client.put(f"Patient?{query}", patient()),
    "conditional delete": lambda client, query: client.delete(f"Patient?{query}"),
}

# The search, and what the refusal names.
TOO_MUCH = {
    "clauses": ("&".join(["name=a"] * 10_000), str(PARAMETERS_MAX)),
    "values": (f"name={','.join('a' * 10_000)}", str(VALUES_MAX)),
    "characters": (f"name={'a' * 200_000}", "name"),
    "steps": (f"{'link.Patient.' * 10_000}name=a", "link"),
    "steps back": (f"{'_has:Patient:link:' * (STEPS_MAX + 1)}name=a", "_has"),
    "conditions": (f"_filter={quote(' or '.join(['name co a'] * 5_000))}", "_filter"),
    "parentheses": (f"_filter={'(' * 50_000}", "_filter"),
}

WRONG = {
    "a typo": ("identifer=x", "identifier"),
    "an unknown modifier": ("name:exakt=x", "exact"),
    "a modifier of another type": ("birthdate:exact=2020", "birthdate"),
    "a date that is none": ("birthdate=2020-13-40", "2020-13-40"),
    "a prefix alone": ("birthdate=ge", "birthdate"),
    "SQL for a date": ("birthdate=" + quote("2020'; DROP TABLE resources; --"), "birthdate"),
    "SQL for a parameter": (quote("name' OR '1'='1") + "=x", "name"),
    "a regular expression for a date": ("birthdate=" + quote("^(a+)+$"), "birthdate"),
    "a regular expression for a parameter": (quote("na.*") + "=x", "'na'"),
    "a chain through a string": ("name.family=x", "name"),
    "an expression that is cut short": ("_filter=" + quote("name eq"), "filter"),
    "a sort by nothing known": ("_sort=" + quote("name; DROP TABLE string"), "_sort"),
}


def said(answer: Answer) -> str:
    """What is wrong, and where."""
    return " ".join([answer.diagnostics, *answer.expressions])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("search", TOO_MUCH | WRONG)
def test_what_is_too_much_or_wrong_never_reaches_the_store(client: Client, search: str, door: str) -> None:
    query, named = (TOO_MUCH | WRONG)[search]

    answer = DOORS[door](client, query)

    assert answer.status == 400
    assert named in said(answer)
    assert len(answer.diagnostics) < 10 * SHOWN_MAX


@pytest.mark.parametrize("search", WRONG)
def test_in_a_batch_only_the_entry_is_refused(client: Client, search: str) -> None:
    query, named = WRONG[search]

    answer = batch(client, entry("GET", f"Patient?{query}"), entry("POST", "Patient", patient()))

    assert answer.status == 200
    refused, done = (one["response"] for one in answer.entries)
    assert refused["status"].startswith("400")
    assert named in said(Answer(400, refused["outcome"]))
    assert done["status"].startswith("201")


def test_a_good_search_would_have_reached_it(client: Client) -> None:
    with pytest.raises(AssertionError, match="was searched"):
        client.get("Patient?name=a")
