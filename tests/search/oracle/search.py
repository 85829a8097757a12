"""Which resources a query finds, and in which order. https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import cmp_to_key
from typing import Any
from urllib.parse import parse_qsl

from fhir_server.definitions.search_parameters import SearchParameter
from tests.search.oracle.elements import Element, Resource, elements
from tests.search.oracle.references import Target, target
from tests.search.oracle.texts import split, unescape
from tests.search.oracle.values import Values

RESULT_PARAMETERS = ("_sort", "_count", "_total", "_type", "_summary", "_elements")

PARTS = {"Encounter": "part-of", "Organization": "partof"}
"""By what resources refer to those of their type that they are part of."""

Definitions = Callable[[str], Mapping[str, SearchParameter]]
"""The search parameters of a resource type, by code."""


class Oracle:
    """Searches parsed resources, decimals as Decimal, in the order in which they were first stored."""

    def __init__(
        self,
        resources: Sequence[Resource],
        definitions: Definitions,
        *,
        zone: tzinfo,
        now: int,
        base_url: str,
    ) -> None:
        self._resources = resources
        self._definitions = definitions
        self._values = Values(zone, now, base_url)
        self._holders = {id(inner): holder for holder in resources for inner in holder.get("contained", ())}
        self._found: dict[tuple[int, str], list[Element]] = {}
        self._components: dict[tuple[int, str], list[list[Element]]] = {}

    def search(self, types: Sequence[str], query: str) -> list[str]:
        """The references of the matches, sorted. Without types, those of `_type` or else all are searched."""
        criteria = parse_qsl(query, keep_blank_values=True)
        types = types or [type for name, value in criteria if name == "_type" for type in value.split(",")]
        matches = [
            resource
            for resource in self._resources
            if (not types or resource["resourceType"] in types)
            and all(self.satisfies(resource, *one) for one in criteria if one[0] not in RESULT_PARAMETERS)
        ]
        for name, value in criteria:
            if name == "_sort":
                matches = self._sorted(matches, value.split(","))
        return [reference_to(resource) for resource in matches]

    # https://hl7.org/fhir/R4/search.html#combining

    def satisfies(self, resource: Resource, name: str, value: str) -> bool:
        """Whether a resource fits one criterion, `subject:Patient.name:exact=Eve` as any other."""
        if not value:
            return True  # "Empty parameters are not an error - they are just ignored by the server."
        if name.startswith("_has:"):
            _, type, code, rest = name.split(":", 3)
            return self._has(resource, type, code, rest, value)
        head, chained, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if chained:
            return self._chain(resource, code, modifier, rest, value)
        values, found = split(value, ","), self.elements(resource, code)
        if modifier == "missing":
            kind = self._parameter(resource, code).type
            return ("false" if any(self._values.exist(kind, one) for one in found) else "true") in values
        if modifier in ("not", "not-in"):
            # "The negation applies to the set, not each individual entry."
            return not self._any(resource, code, "" if modifier == "not" else "in", found, values)
        return self._any(resource, code, modifier, found, values)

    def _any(
        self, resource: Resource, code: str, modifier: str, found: Sequence[Element], values: Sequence[str]
    ) -> bool:
        parameter = self._parameter(resource, code)
        return any(self._fits(parameter, modifier, one, value, resource) for one in found for value in values)

    # https://hl7.org/fhir/R4/search.html#ptypes

    def _fits(
        self, parameter: SearchParameter, modifier: str, element: Element, value: str, resource: Resource
    ) -> bool:
        """Whether one element fits one value."""
        if parameter.type == "composite":
            return self._composite_fits(parameter, element, value, resource)
        if parameter.type == "reference" and modifier in ("above", "below") and element.type == "Reference":
            return self._hierarchy_fits(value, modifier, self._values.target(element))
        return self._values.fit(parameter.type, modifier, element, value)

    def _composite_fits(
        self, parameter: SearchParameter, part: Element, value: str, resource: Resource
    ) -> bool:
        """Every component fits one element of the same part. https://hl7.org/fhir/R4/search.html#composite"""
        by_url = {p.url: p for p in self._definitions(resource["resourceType"]).values()}
        pairs = zip(parameter.components, self.components(parameter, part), split(value, "$"), strict=True)
        return all(
            any(self._fits(by_url[component.definition], "", element, text, resource) for element in found)
            for component, found, text in pairs
        )

    def components(self, parameter: SearchParameter, part: Element) -> list[list[Element]]:
        """The elements that each component of a composite finds in a part of a resource."""
        key = id(part.data), parameter.url
        if key not in self._components:
            found = [elements(component.expression, part.node, "") for component in parameter.components]
            self._components[key] = found
        return self._components[key]

    # https://hl7.org/fhir/R4/search.html#recursive

    def _hierarchy_fits(self, value: str, modifier: str, found: Target | None) -> bool:
        """Whether a reference leads to a resource, or to one above or below it."""
        wanted = target(unescape(value), self._values.base_url).local
        if not found or not found.local or not wanted or wanted[0] != found.local[0]:
            return False
        upper, lower = (wanted, found.local) if modifier == "below" else (found.local, wanted)
        return upper in self._above(lower, set())

    def _above(self, place: tuple[str, str], seen: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """The type and id of a resource and of all that it is part of."""
        seen.add(place)
        for resource in self._resources:
            if place == (resource["resourceType"], resource["id"]):
                for element in self.elements(resource, PARTS[place[0]]):
                    target = self._values.target(element)
                    if target and target.local and target.local[0] == place[0] and target.local not in seen:
                        self._above(target.local, seen)
        return seen

    # https://hl7.org/fhir/R4/search.html#chaining and #has

    def _chain(self, resource: Resource, code: str, type: str, rest: str, value: str) -> bool:
        return any(
            (not type or target["resourceType"] == type)
            and self._understands(target, rest)
            and self.satisfies(target, rest, value)
            for target in self._targets(resource, code)
        )

    def _has(self, resource: Resource, type: str, code: str, rest: str, value: str) -> bool:
        return any(
            referring["resourceType"] == type
            and any(target is resource for target in self._targets(referring, code))
            and self.satisfies(referring, rest, value)
            for referring in self._resources
        )

    def _understands(self, resource: Resource, name: str) -> bool:
        """Whether the next step of an untyped chain is defined for the type of its target."""
        head = name.partition(".")[0].partition(":")[0]
        return head == "_has" or head in self._definitions(resource["resourceType"])

    def _targets(self, resource: Resource, code: str) -> Iterator[Resource]:
        """The resources that a parameter refers to; "a chained condition will be evaluated inside contained
        resources".
        """
        for element in self.elements(resource, code):
            target = self._values.target(element)
            for other in self._resources:
                if target and target.local == (other["resourceType"], other["id"]):
                    yield other
            for inner in self._contained(resource):
                if target and target.url == f"#{inner['id']}":
                    yield inner

    def _contained(self, resource: Resource) -> Sequence[Resource]:
        """What a resource may refer to by `#id`; contained ones share that with what holds them."""
        contained: Sequence[Resource] = self._holders.get(id(resource), resource).get("contained", ())
        return contained

    # https://hl7.org/fhir/R4/search.html#parameters

    def _parameter(self, resource: Resource, code: str) -> SearchParameter:
        return self._definitions(resource["resourceType"])[code]

    def elements(self, resource: Resource, code: str) -> list[Element]:
        """The elements that a parameter looks at. What is contained has no logical id."""
        key = id(resource), code
        if key not in self._found:
            expression = self._parameter(resource, code).expression or ""
            contained = self._contained(resource)
            found = elements(expression, resource, resource["resourceType"], contained)
            self._found[key] = [] if code == "_id" and id(resource) in self._holders else found
        return self._found[key]

    # https://hl7.org/fhir/R4/search.html#sort

    def _sorted(self, matches: Sequence[Resource], rules: Sequence[str]) -> list[Resource]:
        """In the order of the rules; equal ones stay in the order in which they are."""

        def compare(one: Resource, other: Resource) -> int:
            for rule in rules:
                left, right = self._sort_value(one, rule), self._sort_value(other, rule)
                if left == right:
                    continue
                if left is None or right is None:
                    return 1 if left is None else -1
                return -1 if (left < right) != rule.startswith("-") else 1
            return 0

        return sorted(matches, key=cmp_to_key(compare))

    def _sort_value(self, resource: Resource, rule: str) -> Any:
        """ "The item that comes earliest in the specified sort order"; None where there is none."""
        code = rule.removeprefix("-")
        kind, earliest = self._parameter(resource, code).type, max if rule.startswith("-") else min
        found = [
            value
            for element in self.elements(resource, code)
            for value in self._values.to_sort_by(kind, element, rule.startswith("-"))
        ]
        return earliest(found, default=None)


def reference_to(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
