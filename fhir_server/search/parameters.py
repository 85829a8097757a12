"""The search parameters of the types that a search is about.

https://hl7.org/fhir/R4/search.html#all
"""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.errors import InvalidSearch
from fhir_server.issues import IssueType, Text
from fhir_server.search import messages
from fhir_server.search.aliases import aliases
from fhir_server.search.cardinality import is_single_valued
from fhir_server.search.expression_paths import resolved_types
from fhir_server.search.index_plan import is_supported
from fhir_server.search.text_elements import element_types, holds_text

RESULT_PARAMETERS = (
    "_count",
    "_elements",
    "_include",
    "_revinclude",
    "_sort",
    "_summary",
    "_total",
)
"""Search result parameters, which every type has."""

SPECIAL_PARAMETERS = ("_content", "_filter", "_has", "_list", "_text")
"""Parameters of every type whose definition has no expression."""

EVERY_TYPE = "Resource"


class UnknownParameter(Exception):
    """A parameter that is unknown or not supported: handling=lenient ignores it."""

    def __init__(self, text: Text, code: IssueType = "not-supported") -> None:
        super().__init__(text.render())
        self.text = text
        self.code = code


class Parameters:
    """The parameters that several types have in common, or all types if none is given."""

    def __init__(self, registry: Registry, types: Sequence[str]) -> None:
        self._registry = registry
        self.types = tuple(types) or (EVERY_TYPE,)

    @property
    def are_of_every_type(self) -> bool:
        """Whether the search is on all types."""
        return self.types == (EVERY_TYPE,)

    def get(self, code: str) -> SearchParameter:
        """The parameter of the first type. Raises `UnknownParameter` if another type lacks it, or has a
        parameter of another type under that code.
        """
        found = [self._registry.search_parameters(type).get(code) for type in self.types]
        parameter = found[0]
        if parameter is None or any(other is None or other.type != parameter.type for other in found):
            raise UnknownParameter(self._unknown(code))
        if not is_supported(parameter):
            raise UnknownParameter(messages.NOTHING_TO_SEARCH(parameter=code))
        return parameter

    def targets(self, code: str) -> tuple[str, ...]:
        """The types that a reference parameter may point at; empty for any."""
        targets: dict[str, None] = {}
        for type in self.types:
            parameter = self._registry.search_parameters(type)[code]
            possible = resolved_types(parameter.expression or "", type) or parameter.targets
            if not possible:
                return ()
            targets |= dict.fromkeys(possible)
        return tuple(targets)

    def indexed_as(self, code: str) -> dict[str, tuple[str, ...]]:
        """The types by the code under which they index the parameter. There is nearly always one code."""
        found: dict[str, tuple[str, ...]] = {}
        for type in self.types:
            indexed = aliases(self._registry, type).get(code, code)
            found[indexed] = (*found.get(indexed, ()), type)
        return found

    def is_single_valued(self, code: str) -> bool:
        """Whether the parameter has at most one value in each resource."""
        return is_single_valued(self._registry, self.types, code)

    def is_text(self, code: str, type: str) -> bool:
        """Whether a token parameter selects only strings in a type."""
        return holds_text(self._registry, type, code)

    def element_types(self, code: str) -> frozenset[str]:
        """The types of the elements that a parameter selects; empty unless known for each resource type."""
        found = [element_types(self._registry, type, code) for type in self.types]
        return frozenset().union(*found) if all(found) else frozenset()

    def codes(self, kind: str | None = None) -> list[str]:
        """The sorted codes that all the types have in common, of one parameter type or of all."""
        common: set[str] | None = None
        for type in self.types:
            of_type = self._registry.search_parameters(type)
            codes = {
                code
                for code, parameter in of_type.items()
                if kind in (None, parameter.type) and is_supported(parameter)
            }
            common = codes if common is None else common & codes
        return sorted(common or set())

    def names(self) -> Text | str:
        """The types, for a message."""
        return messages.EVERY_TYPE() if self.are_of_every_type else ", ".join(self.types)

    def _unknown(self, code: str) -> Text:
        valid, beside = self.codes(), (*SPECIAL_PARAMETERS, *RESULT_PARAMETERS)
        if code not in beside:  # else it is known, but not allowed here, such as in `_sort`
            valid += beside
        return messages.UNKNOWN_PARAMETER(
            parameter=code, type=self.names(), nearest=nearest(code, valid), valid=", ".join(valid)
        )


def nearest(name: str, valid: Collection[str]) -> Text:
    """The hint "Did you mean ...?" with the nearest valid name; empty if none is similar."""
    lower = {candidate.lower(): candidate for candidate in valid}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
    return messages.NEAREST(name=lower[found[0]]) if found else messages.NOTHING_NEAR()


def resource_type(registry: Registry, name: str, parameter: str) -> str:
    """`name`, if it is a resource type. Raises `InvalidSearch` otherwise."""
    if not registry.is_resource_type(name):
        near = nearest(name, registry.resource_types)
        text = messages.UNKNOWN_TYPE(value=name, parameter=parameter, nearest=near)
        raise InvalidSearch.of(text, f"http.{parameter}")
    return name
