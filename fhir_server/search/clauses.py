"""Search criteria understood: from `subject:Patient.name:exact=Martin` to a clause.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.errors import InvalidSearch
from fhir_server.issues import Text
from fhir_server.search import messages
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Has,
    Match,
    MissingValue,
    ParameterType,
    Value,
)
from fhir_server.search.escapes import has_stray_escape, split
from fhir_server.search.parameters import Parameters, UnknownParameter, resource_type
from fhir_server.search.plan import components_of, kind_of
from fhir_server.search.types import composite, reference, token
from fhir_server.search.types.composite import Component
from fhir_server.search.types.context import Reading
from fhir_server.search.types.kinds import KINDS

VALUES_MAX = 1_000
VALUE_LENGTH_MAX = 100_000
STEPS_MAX = 8
WAYS_MAX = 2_000
"""Types of resource that the untyped chains of one search may try, as their number grows with each step."""

Read = Callable[[str, Reading], Value]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of the query: `name` is what is still to be understood of `whole`, as the client wrote
    it; `steps` counts the resources that were passed to get there.
    """

    name: str
    value: str
    whole: str
    steps: int = 0

    def rest(self, name: str) -> "Criterion":
        """What stands behind a chain or `_has`."""
        if self.steps == STEPS_MAX:
            count = self.whole.count(".") + self.whole.count("_has:")
            raise refused(messages.TOO_DEEP(parameter=self.whole, count=count, limit=STEPS_MAX), self.whole)
        return replace(self, name=name, steps=self.steps + 1)


def refused(text: Text, parameter: str, code: str | None = None) -> InvalidSearch:
    """The error for a parameter, which is its place."""
    return InvalidSearch.of(text, f"http.{parameter}", code=code)


class Clauses:
    """Understands criteria by the definitions. `now` in UTC microseconds."""

    def __init__(self, registry: Registry, zone: ZoneInfo, base_url: str, now: int) -> None:
        self._registry = registry
        self._reading = Reading("", zone, now, base_url)
        self._ways = 0

    def clause(self, parameters: Parameters, criterion: Criterion) -> Clause:
        """The clause of one criterion on resources that have `parameters`.

        Raises `UnknownParameter` for what lenient handling may ignore, else `InvalidSearch`.
        """
        if criterion.name == "_has" or criterion.name.startswith("_has:"):
            return self._has(parameters, criterion)
        head, dot, rest = criterion.name.partition(".")
        code, colon, modifier = head.partition(":")
        parameter = parameters.get(code)
        if dot:
            return self._chain(parameters, parameter, modifier, criterion.rest(rest))
        return self._criterion(parameters, parameter, modifier if colon else None, criterion)

    def _has(self, parameters: Parameters, criterion: Criterion) -> Clause:
        parts = criterion.name.split(":", 3)
        if len(parts) != 4 or not all(parts):
            raise refused(messages.BAD_HAS(parameter=criterion.whole), criterion.whole)
        _, type, code, rest = parts
        type = resource_type(self._registry, type, criterion.whole)
        referring = Parameters(self._registry, (type,))
        parameter = referring.get(code)
        _expect_reference(referring, parameter, criterion)
        targets = referring.targets(code)
        if targets and parameters.types != ("Resource",) and not set(targets) & set(parameters.types):
            valid, types = ", ".join(targets), ", ".join(parameters.types)
            raise refused(
                messages.NOT_A_TARGET(parameter=f"{type}:{code}", type=types, valid=valid), criterion.whole
            )
        return Has(type, code, self.clause(referring, criterion.rest(rest)))

    def _chain(
        self, parameters: Parameters, parameter: SearchParameter, modifier: str, rest: Criterion
    ) -> Clause:
        _expect_reference(parameters, parameter, rest)
        targets = self._narrowed(parameters, parameter.code, modifier, rest.whole)
        step = f"{parameter.code}:{modifier}" if modifier else parameter.code
        by_clause: dict[Clause, list[str]] = {}
        errors: list[UnknownParameter | InvalidSearch] = []
        for target in targets:
            self._count_way(rest.whole)
            try:
                clause = self.clause(Parameters(self._registry, (target,)), rest)
            except (UnknownParameter, InvalidSearch) as error:
                errors.append(error)
                continue
            by_clause.setdefault(clause, []).append(target)
        if not by_clause:
            raise _leads_nowhere(errors, rest, step, targets)
        chains = [Chain(parameter.code, tuple(types), clause) for clause, types in by_clause.items()]
        return chains[0] if len(chains) == 1 else AnyOf(tuple(chains))

    def _count_way(self, whole: str) -> None:
        self._ways += 1
        if self._ways > WAYS_MAX:
            raise refused(messages.TOO_MANY_WAYS(parameter=whole, limit=WAYS_MAX), whole, "too-costly")

    def _narrowed(self, parameters: Parameters, code: str, modifier: str, whole: str) -> tuple[str, ...]:
        """The types that a reference may lead to: the one that the modifier names, or all it may have."""
        targets = parameters.targets(code) or self._registry.resource_types
        if not modifier:
            return targets
        resource_type(self._registry, modifier, whole)
        if modifier not in targets:
            raise refused(
                messages.NOT_A_TARGET(parameter=code, type=modifier, valid=", ".join(targets)), whole
            )
        return (modifier,)

    def _criterion(
        self, parameters: Parameters, parameter: SearchParameter, modifier: str | None, criterion: Criterion
    ) -> Clause:
        """A criterion on the resource itself."""
        kind, whole = kind_of(parameter), criterion.whole
        texts = _values(criterion)
        match kind, modifier:
            case _, "missing" if kind not in ("composite", "special"):
                return self._match(parameters, parameter.code, kind, texts, _read_missing, whole, modifier)
            case "composite", None:
                return self._composite(parameter, texts, whole)
            case "token", "text":
                text_kind = KINDS["string"]
                return self._derived(parameter.code + token.TEXT, "string", texts, text_kind.parse, whole)
            case "token", "of-type":
                return self._derived(
                    parameter.code + token.OF_TYPE, "token", texts, token.parse_of_type, whole
                )
            case "reference", "identifier":
                return self._derived(
                    parameter.code + reference.IDENTIFIER, "token", texts, token.parse, whole
                )
            case "reference", _ if modifier is None or self._registry.is_resource_type(modifier):
                targets = self._narrowed(parameters, parameter.code, modifier or "", whole)
                type = targets[0] if len(targets) == 1 else None
                return self._match(
                    parameters, parameter.code, kind, texts, KINDS[kind].parse, whole, type=type
                )
            case "uri", None if parameter.code == "url":
                return self._canonical_url(parameters, texts, whole)
        if modifier is not None and modifier not in _modifiers(kind):
            raise _bad_modifier(parameter, kind, modifier, whole)
        return self._match(parameters, parameter.code, kind, texts, KINDS[kind].parse, whole, modifier)

    def _match(
        self,
        parameters: Parameters,
        code: str,
        kind: ParameterType,
        texts: Iterable[str],
        read: Read,
        whole: str,
        modifier: str | None = None,
        type: str | None = None,
    ) -> Clause:
        reading = replace(self._reading, parameter=whole, type=type)
        values = tuple(read(text, reading) for text in texts)
        matches = [Match(indexed, kind, values, modifier) for indexed in parameters.indexed_as(code)]
        return matches[0] if len(matches) == 1 else AnyOf(tuple(matches))

    def _derived(
        self, index: str, kind: ParameterType, texts: Iterable[str], read: Read, whole: str
    ) -> Clause:
        """A match on the entries that were derived for a modifier; texts are found anywhere in them."""
        reading = replace(self._reading, parameter=whole)
        values = tuple(read(text, reading) for text in texts)
        return Match(index, kind, values, "contains" if kind == "string" else None)

    def _composite(self, parameter: SearchParameter, texts: Iterable[str], whole: str) -> Clause:
        components = [definition for definition, _ in components_of(self._registry, parameter)]
        kinds = tuple(map(kind_of, components))
        readers: list[tuple[str, Component]] = [
            (component.code, KINDS[kind].parse) for component, kind in zip(components, kinds, strict=True)
        ]
        reading = replace(self._reading, parameter=whole)
        values = tuple(composite.parse(text, reading, readers) for text in texts)
        return Match(parameter.code, "composite", values, component_types=kinds)

    def _canonical_url(self, parameters: Parameters, texts: Iterable[str], whole: str) -> Clause:
        """`url=...|version` asks for that version of a canonical resource."""
        alternatives: list[Clause] = []
        plain: list[Value] = []
        for text in texts:
            url, *version = split(text, "|")
            read = KINDS["uri"].parse(url, self._reading)
            if not any(version) or "version" not in parameters.codes("token"):
                plain.append(KINDS["uri"].parse(text, self._reading))
                continue
            wanted = KINDS["token"].parse(version[0], replace(self._reading, parameter=whole))
            matches = Match("url", "uri", (read,)), Match("version", "token", (wanted,))
            alternatives.append(AllOf(matches))
        if plain:
            alternatives.append(Match("url", "uri", tuple(plain)))
        return alternatives[0] if len(alternatives) == 1 else AnyOf(tuple(alternatives))


def _values(criterion: Criterion) -> list[str]:
    """The alternatives of a criterion, still escaped; empty ones are passed over."""
    whole, value = criterion.whole, criterion.value
    if len(value) > VALUE_LENGTH_MAX:
        count, limit = len(value), VALUE_LENGTH_MAX
        raise refused(messages.TOO_LONG(parameter=whole, count=count, limit=limit), whole)
    if has_stray_escape(value):
        raise refused(messages.STRAY_ESCAPE(value=value, parameter=whole), whole)
    values = [text for text in split(value, ",") if text.strip()]
    if len(values) > VALUES_MAX:
        count, limit = len(values), VALUES_MAX
        raise refused(messages.TOO_MANY_VALUES(parameter=whole, count=count, limit=limit), whole)
    return values


def _read_missing(text: str, reading: Reading) -> MissingValue:
    if text not in ("true", "false"):
        raise InvalidSearch.of(messages.BAD_MISSING(value=text, parameter=reading.parameter))
    return MissingValue(text == "true")


def _modifiers(kind: ParameterType) -> tuple[str, ...]:
    return KINDS[kind].modifiers if kind in KINDS else ()


def _bad_modifier(
    parameter: SearchParameter, kind: ParameterType, modifier: str, whole: str
) -> InvalidSearch:
    if kind in ("composite", "special"):
        return refused(messages.NO_MODIFIER(parameter=parameter.code, modifier=modifier), whole)
    valid = ", ".join(f":{name}" for name in ("missing", *_modifiers(kind)))
    if kind == "reference":
        valid += ", :[type]"
    if modifier in KINDS[kind].not_yet:
        text = messages.MODIFIER_NOT_YET(modifier=modifier, parameter=parameter.code, valid=valid)
        return refused(text, whole, "not-supported")
    text = messages.UNKNOWN_MODIFIER(modifier=modifier, kind=kind, parameter=parameter.code, valid=valid)
    return refused(text, whole)


def _expect_reference(parameters: Parameters, parameter: SearchParameter, criterion: Criterion) -> None:
    if parameter.type != "reference":
        text = messages.NOT_A_REFERENCE(
            parameter=parameter.code,
            kind=parameter.type,
            type=parameters.names(),
            valid=", ".join(parameters.codes("reference")) or "-",
        )
        raise refused(text, criterion.whole)


def _leads_nowhere(
    errors: list[UnknownParameter | InvalidSearch], rest: Criterion, step: str, targets: tuple[str, ...]
) -> Exception:
    """A bad value if there is one, else the parameter that no target has."""
    for error in errors:
        if isinstance(error, InvalidSearch) or len(errors) == 1:
            return error
    types = ", ".join(targets[:20]) + (", ..." if len(targets) > 20 else "")
    text = messages.CHAIN_LEADS_NOWHERE(rest=rest.name, parameter=rest.whole, step=step, types=types)
    return UnknownParameter(text)
