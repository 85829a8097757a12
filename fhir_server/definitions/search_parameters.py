"""Search parameters, read from the compiled facts or from a SearchParameter resource.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a composite parameter: the canonical of its definition, and its expression."""

    definition: str
    expression: str


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter. Empty modifiers and comparators mean the defaults of its type; empty chains mean
    all.
    """

    url: str
    code: str
    type: str
    base: tuple[str, ...]
    expression: str | None = None
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    modifiers: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    multiple_or: bool = True
    multiple_and: bool = True
    name: str = ""
    description: str = ""


def search_parameter_from_fact(
    url: str, fact: Mapping[str, Any], every_target: tuple[str, ...]
) -> SearchParameter:
    """The parameter of one compiled fact; the target `*` stands for `every_target`."""
    target = fact.get("target", ())
    return SearchParameter(
        url=url,
        code=fact["code"],
        type=fact["type"],
        base=tuple(fact["base"]),
        expression=fact.get("expression"),
        targets=every_target if target == "*" else tuple(target),
        components=tuple(Component(*pair) for pair in fact.get("components", ())),
        modifiers=tuple(fact.get("modifiers", ())),
        comparators=tuple(fact.get("comparators", ())),
        multiple_or=fact.get("multiple_or", True),
        multiple_and=fact.get("multiple_and", True),
        name=fact["name"],
        description=fact["description"],
    )


def search_parameter_from_resource(resource: Mapping[str, Any]) -> SearchParameter:
    """The parameter that a SearchParameter resource defines."""
    components = resource.get("component", ())
    return SearchParameter(
        url=resource["url"],
        code=resource["code"],
        type=resource["type"],
        base=tuple(resource["base"]),
        expression=resource.get("expression"),
        targets=tuple(resource.get("target", ())),
        components=tuple(Component(part["definition"], part["expression"]) for part in components),
        modifiers=tuple(resource.get("modifier", ())),
        comparators=tuple(resource.get("comparator", ())),
        chains=tuple(resource.get("chain", ())),
        multiple_or=resource.get("multipleOr", True),
        multiple_and=resource.get("multipleAnd", True),
        name=resource.get("name", ""),
        description=resource.get("description", ""),
    )
