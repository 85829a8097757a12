"""Named queries: what `_query` stands for, and what it refuses.

https://hl7.org/fhir/R4/search.html#query
"""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.definitions.named_queries import CRITERIA
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.search.ast import Include, Sort
from fhir_server.search.parse import ParsedSearch, parse


def definition(criteria: str, *parameters: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "OperationDefinition",
        "url": "https://example.org/OperationDefinition/open",
        "extension": [{"url": CRITERIA, "valueString": criteria}],
        "name": "Open",
        "status": "active",
        "kind": "query",
        "code": "open",
        "resource": ["Task"],
        "system": False,
        "type": True,
        "instance": False,
        "parameter": list(parameters),
        **changes,
    }


def taking(name: str, min: int = 0, max: str = "1") -> dict[str, Any]:
    return {"name": name, "use": "in", "min": min, "max": max, "type": "string", "searchType": "token"}


OPEN = definition(
    "status=requested&owner={who}&code={what}&_sort=-authored-on&_include=Task:focus",
    taking("who", 1),
    taking("what", max="*"),
)


def understood(registry: Registry, text: str, type: str = "Task", lenient: bool = False) -> ParsedSearch:
    pairs = [tuple(pair.split("=", 1)) for pair in text.split("&")]
    return parse(
        (type,),
        pairs,  # type: ignore[arg-type]
        registry=registry,
        zone=ZoneInfo("UTC"),
        now=0,
        lenient=lenient,
    )


@pytest.fixture
def named(registry: Registry) -> Registry:
    return registry.with_guides([OPEN])


def test_it_stands_for_its_criteria_with_the_values_given(named: Registry) -> None:
    asked = understood(named, "_query=open&who=Organization/a")
    written = understood(
        named, "status=requested&owner=Organization/a&_sort=-authored-on&_include=Task:focus"
    )
    assert asked.query == written.query


def test_other_parameters_go_with_it(named: Registry) -> None:
    asked = understood(named, "patient=p&_query=open&who=Organization/a&what=x")
    written = understood(named, "patient=p&status=requested&owner=Organization/a&code=x")
    assert asked.query.where == written.query.where
    assert asked.query.sort == (Sort("authored-on", "date", True),)
    assert asked.query.includes == (Include("Task", "focus"),)


def test_the_self_link_shows_what_was_asked(named: Registry) -> None:
    asked = understood(named, "_query=open&who=Organization/a&_count=5")
    assert asked.self_parameters == (("_query", "open"), ("who", "Organization/a"), ("_count", "5"))


def test_the_client_decides_on_the_order(named: Registry) -> None:
    assert understood(named, "_query=open&who=a&_sort=status").query.sort == (Sort("status", "token"),)


def test_what_may_repeat_must_hold_each_time(named: Registry) -> None:
    asked = understood(named, "_query=open&who=a&what=x&what=y")
    written = understood(named, "status=requested&owner=a&code=x&code=y")
    assert asked.query.where == written.query.where


def test_a_value_is_taken_as_it_is(registry: Registry) -> None:
    named = registry.with_guides([definition("code={who}&status={what}", taking("who"), taking("what"))])
    asked = understood(named, "_query=open&who={what}&what=x")
    assert asked.query.where == understood(named, "code={what}&status=x").query.where


OF_QUERIES = [
    ("_query=close", "There is no named query 'close' here. Valid are: open."),
    ("_query=opne&who=a", "Did you mean 'open'?"),
    ("_query=open", "The named query 'open' needs 'who'."),
    ("_query=open&who=", "The named query 'open' needs 'who'."),
    ("_query=open&who=a&who=b", "'who'"),
    ("_query=open&_query=open&who=a", "'_query'"),
]
OF_OTHERS = [
    ("_query=open&who=a&colour=red", "'colour' is not a search parameter of Task."),
    ("who=a", "'who' is not a search parameter of Task."),
]
"""Refused as any unknown parameter is: not under lenient handling."""


@pytest.mark.parametrize(
    ("lenient", "text", "message"),
    [(lenient, *case) for lenient in (False, True) for case in OF_QUERIES]
    + [(False, *case) for case in OF_OTHERS],
)
def test_what_it_does_not_take_is_refused(named: Registry, text: str, message: str, lenient: bool) -> None:
    with pytest.raises(InvalidSearch) as refused:
        understood(named, text, lenient=lenient)
    assert message in refused.value.issues[0].text.render()


def test_it_is_for_its_types_alone(named: Registry) -> None:
    with pytest.raises(InvalidSearch, match="open"):
        understood(named, "_query=open&who=a", type="Patient")


@pytest.mark.parametrize(
    "unused",
    [
        definition("status=requested", status="draft"),
        definition("status=requested", kind="operation"),
        definition("status=requested", extension=[]),
        definition("status={state}"),
        definition("_filter=status eq {state}", taking("state")),
    ],
    ids=["draft", "operation", "without criteria", "undeclared parameter", "within a filter"],
)
def test_a_definition_that_cannot_be_used_gives_no_query(registry: Registry, unused: dict[str, Any]) -> None:
    assert registry.with_guides([unused]).named_queries == ()


def test_of_two_definitions_at_one_url_the_last_counts(registry: Registry) -> None:
    retired = {**OPEN, "status": "retired"}
    assert registry.with_guides([OPEN, retired]).named_queries == ()
