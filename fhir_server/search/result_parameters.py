"""Parser of search result parameters: order, page size, includes, parts of resources.

https://hl7.org/fhir/R4/search.html#return
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import EVERY, Include, Sort
from fhir_server.search.index_plan import kind_of
from fhir_server.search.limits import SORT_KEYS_MAX, too_costly
from fhir_server.search.parameters import Parameters, UnknownParameter, nearest, resource_type

Total = Literal["none", "estimate", "accurate"]

TOTAL_METHODS: Mapping[str, Total] = {"count": "accurate", "estimate": "estimate"}
"""Values of `_totalMethod`, which clients of another server, such as fhirpy, use in place of `_total`."""

CONTAINED = ("true", "false", "both")
SUMMARIES = ("true", "text", "data", "count", "false")
UNSORTABLE = ("composite", "reference", "special")
COUNT_DIGITS_MAX = 9
TYPE = "resourceType"
"""The JSON property that some clients list in `_elements`, although it is no element."""


def element_named(name: str) -> str:
    """The element that `status`, `Patient.status` or `value[x]` names."""
    return name.strip().rpartition(".")[2].removesuffix("[x]")


@dataclass(frozen=True, slots=True)
class ResultParameters:
    """Parses the result parameters of a search on the types of `parameters`."""

    registry: Registry
    parameters: Parameters

    def count(self, value: str, count_max: int) -> int:
        """The page size, no more than `count_max`."""
        if not (value.isascii() and value.isdecimal()):
            raise InvalidSearch.of(messages.BAD_COUNT(value=value))
        digits = value.lstrip("0") or "0"
        return count_max if len(digits) > COUNT_DIGITS_MAX else min(int(digits), count_max)

    def sort(self, value: str, before: tuple[Sort, ...] = ()) -> tuple[Sort, ...]:
        """The keys of `_sort` in order, after those `before` of an earlier `_sort`.

        Raises `UnknownParameter` for a key that is unknown or that cannot be sorted by.
        """
        keys = [key.strip() for key in value.split(",") if key.strip()]
        count = len(before) + len(keys)
        if count > SORT_KEYS_MAX:
            text = messages.TOO_MANY_VALUES(parameter="_sort", count=count, limit=SORT_KEYS_MAX)
            raise too_costly(text, "_sort")
        return before + tuple(self._key(key) for key in keys)

    def _key(self, key: str) -> Sort:
        """A sort key, descending after a hyphen, unless that belongs to the code of a client's parameter."""
        descending = key.startswith("-") and key not in self.registry.search_parameters(
            self.parameters.types[0]
        )
        code = key.removeprefix("-") if descending else key
        parameter = self.parameters.get(code)
        if parameter.type in UNSORTABLE:
            raise UnknownParameter(messages.UNSORTABLE(value=code, kind=parameter.type))
        indexed = next(iter(self.parameters.indexed_as(code)))
        kind = kind_of(parameter)
        single = kind == "date" and self.parameters.is_single_valued(code)
        return Sort(indexed, kind, descending, single)

    def contained(self, value: str) -> str:
        """The value of `_contained`."""
        if value not in CONTAINED:
            raise _bad_choice("_contained", value, CONTAINED)
        if value != "false" and self.parameters.are_of_every_type:
            raise InvalidSearch.of(messages.CONTAINED_OF_TYPES(value=value))
        return value

    def total(self, value: str) -> Total:
        if value not in get_args(Total):
            raise _bad_choice("_total", value, get_args(Total))
        found: Total = value  # type: ignore[assignment]
        return found

    def total_by(self, method: str) -> Total:
        """The total that `_totalMethod` asks for."""
        if method not in TOTAL_METHODS:
            raise _bad_choice("_totalMethod", method, tuple(TOTAL_METHODS))
        return TOTAL_METHODS[method]

    def summary(self, value: str) -> str:
        if value not in SUMMARIES:
            raise _bad_choice("_summary", value, SUMMARIES)
        return value

    def elements(self, value: str) -> tuple[str, ...]:
        """The names of top-level elements. Raises `InvalidSearch` for one that none of the types has."""
        names = tuple(name.strip() for name in value.split(",") if name.strip())
        known = {TYPE}.union(*(self.registry.type(type).names() for type in self.parameters.types))
        for name in names:
            if element_named(name) not in known and not self.parameters.are_of_every_type:
                text = messages.BAD_ELEMENT(
                    value=name, type=self.parameters.names(), nearest=nearest(name, known)
                )
                raise InvalidSearch.of(text)
        return names

    def includes(self, name: str, value: str) -> Iterator[Include]:
        """The includes of `_include` or `_revinclude`, with `:iterate` or not."""
        base, _, modifier = name.partition(":")
        if modifier not in ("", "iterate", "recurse"):
            raise InvalidSearch.of(
                messages.UNKNOWN_MODIFIER(modifier=modifier, kind="include", parameter=base, valid=":iterate")
            )
        reverse, iterate = base == "_revinclude", modifier != ""
        if value == EVERY:
            for type in (
                (EVERY,) if reverse or iterate or self.parameters.are_of_every_type else self.parameters.types
            ):
                yield Include(type, EVERY, None, reverse, iterate)
            return
        source, code, target = self._parts(name, value)
        yield Include(source, code, target, reverse, iterate)

    def _parts(self, name: str, value: str) -> tuple[str, str, str | None]:
        parts = value.split(":")
        if len(parts) not in (2, 3) or not all(parts):
            raise InvalidSearch.of(messages.BAD_INCLUDE(value=value, parameter=name))
        source, code = resource_type(self.registry, parts[0], name), parts[1]
        target = resource_type(self.registry, parts[2], name) if len(parts) == 3 else None
        if code != EVERY:
            self._check_reference(source, code, target)
        return source, code, target

    def _check_reference(self, source: str, code: str, target: str | None) -> None:
        of_source = Parameters(self.registry, (source,))
        parameter = of_source.get(code)
        if parameter.type != "reference":
            valid = ", ".join(of_source.codes("reference")) or "-"
            raise InvalidSearch.of(
                messages.NOT_A_REFERENCE(parameter=code, kind=parameter.type, type=source, valid=valid)
            )
        targets = of_source.targets(code)
        if target is not None and targets and target not in targets:
            raise InvalidSearch.of(
                messages.NOT_A_TARGET(parameter=f"{source}:{code}", type=target, valid=", ".join(targets))
            )


def _bad_choice(parameter: str, value: str, valid: tuple[str, ...]) -> InvalidSearch:
    return InvalidSearch.of(messages.BAD_CHOICE(value=value, parameter=parameter, valid=", ".join(valid)))
