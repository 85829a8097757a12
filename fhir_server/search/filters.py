"""From a _filter's syntax tree to clauses.

https://hl7.org/fhir/R4/search_filter.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from fhir_server.core import ucum
from fhir_server.core.code_systems import LOINC, RXNORM, SNOMED_CT
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.search import filter_syntax, messages
from fhir_server.search.ast import AllOf, AnyOf, Clause, DateValue, Match, Not, ParameterType
from fhir_server.search.clauses import ClauseParser, Criterion
from fhir_server.search.filter_syntax import Condition, Filter, Joined, Negation, Step
from fhir_server.search.index_plan import kind_of
from fhir_server.search.limits import VALUE_LENGTH_MAX, refused
from fhir_server.search.modifiers import ParameterCriterion
from fhir_server.search.parameters import Parameters

_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb")

VALID: Mapping[ParameterType, tuple[str, ...]] = {
    "string": ("eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "pr"),
    "token": ("eq", "ne", "ss", "sb", "in", "ni", "pr"),
    "reference": ("re", "eq", "ne", "pr"),
    "date": (*_PREFIXES, "co", "po", "pr"),
    "number": (*_PREFIXES, "pr"),
    "quantity": (*_PREFIXES, "pr"),
    "uri": ("eq", "ne", "pr"),
    "composite": ("eq",),
    "position": ("eq", "pr"),
}
"""The operators of each parameter type."""

_SPECIAL = ("eq", "co")
"""The operators of special parameters such as _text, which all mean a match."""

SYSTEMS: Mapping[str, str] = {
    "loinc": LOINC,
    "snomed": SNOMED_CT,
    "rxnorm": RXNORM,
    "ucum": ucum.SYSTEM,
}
"""Short names for code systems in a token or quantity."""

_TOKEN_MODIFIERS = {"in": "in", "ni": "not-in", "ss": "below", "sb": "above"}
_STRING_MODIFIERS = {"sw": None, "co": "contains"}
_SEPARATORS: Mapping[ParameterType, str] = {
    "token": r"[\\,$]",
    "quantity": r"[\\,$]",
    "position": r"[\\,$]",
    "composite": r"[\\,]",
}
"""The characters to escape in a value, by type: bar and dollar separate the parts of some types."""
_EVERY_SEPARATOR = r"[\\,|$]"


def clause(parser: ClauseParser, parameters: Parameters, criterion: Criterion) -> Clause:
    """The clause of a filter on resources with these `parameters`."""
    text, whole = criterion.value, criterion.whole
    if len(text) > VALUE_LENGTH_MAX:
        refusal = messages.TOO_LONG(parameter=whole, count=len(text), limit=VALUE_LENGTH_MAX)
        raise refused(refusal, whole)
    tree = filter_syntax.read(text, whole)
    return _Compiler(parser, criterion).clause(parameters, tree)


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Compiles the tree of one filter; `criterion` counts the chain steps so far."""

    parser: ClauseParser
    criterion: Criterion

    def clause(self, parameters: Parameters, filter: Filter) -> Clause:
        match filter:
            case Joined(by, parts):
                compiled = tuple(self.clause(parameters, part) for part in parts)
                return AllOf(compiled) if by == "and" else AnyOf(compiled)
            case Negation(negated):
                return Not(self.clause(parameters, negated))
            case Condition(path, operator, value):
                return self._path(parameters, path, operator, value)

    def _path(self, parameters: Parameters, path: tuple[Step, ...], operator: str, value: str) -> Clause:
        step, *rest = path
        if not rest:
            return self._condition(parameters, step, operator, value)
        further = replace(self, criterion=self.criterion.rest(self.criterion.name))

        def follow(target: Parameters) -> Clause:
            behind = further._path(target, tuple(rest), operator, value)
            return AllOf((further.clause(target, step.where), behind)) if step.where else behind

        return self.parser.chain(
            parameters,
            parameters.get(step.name),
            step.type,
            self.criterion.whole,
            follow,
            ".".join(step.name for step in rest),
        )

    def _condition(self, parameters: Parameters, step: Step, operator: str, value: str) -> Clause:
        """A comparison with a parameter of the resource itself."""
        if self.parser.is_special(step.name):
            self._check(operator, _SPECIAL, step.name, "special")
            text = re.sub(_EVERY_SEPARATOR, r"\\\g<0>", value)
            return self.parser.clause(parameters, structs.replace(self.criterion, name=step.name, value=text))
        parameter = parameters.get(step.name)
        kind = kind_of(parameter)
        self._check(operator, VALID[kind], parameter.code, parameter.type)
        if operator == "pr":
            return self._present(parameters, parameter, value)
        return self._compared(parameters, parameter, kind, operator, value)

    def _check(self, operator: str, valid: tuple[str, ...], parameter: str, kind: str) -> None:
        if operator not in valid:
            text = messages.BAD_OPERATOR(
                operator=operator, kind=kind, parameter=parameter, valid=", ".join(valid)
            )
            raise refused(text, self.criterion.whole)

    def _present(self, parameters: Parameters, parameter: SearchParameter, value: str) -> Clause:
        missing = {"true": "false", "false": "true"}.get(value, value)
        return self.parser.builder.clause(self._asked(parameters, parameter, "missing", missing))

    def _compared(
        self,
        parameters: Parameters,
        parameter: SearchParameter,
        kind: ParameterType,
        operator: str,
        value: str,
    ) -> Clause:
        text = _escaped(kind, value)
        asked = self._asked(parameters, parameter, None, text)
        builder = self.parser.builder
        match kind:
            case "date" if operator in ("co", "po"):
                found = builder.comparison(structs.replace(asked, texts=[f"eq{text}"]), "co")
                return found if operator == "co" else _overlapping(found)
            case "date" | "number" | "quantity":
                return builder.clause(structs.replace(asked, texts=[operator + text]))
            case "token" if operator in _TOKEN_MODIFIERS:
                return builder.clause(structs.replace(asked, modifier=_TOKEN_MODIFIERS[operator]))
            case "string" if operator in _STRING_MODIFIERS:
                return builder.clause(structs.replace(asked, modifier=_STRING_MODIFIERS[operator]))
            case "string":
                return builder.comparison(asked, operator)
        if operator == "ne":
            return builder.comparison(asked, operator)
        return builder.clause(asked)

    def _asked(
        self, parameters: Parameters, parameter: SearchParameter, modifier: str | None, text: str
    ) -> ParameterCriterion:
        return ParameterCriterion(parameters, parameter, modifier, [text], self.criterion.whole)


def _escaped(kind: ParameterType, value: str) -> str:
    """The value as it would be written in a search parameter."""
    if kind in ("token", "quantity"):
        value = re.sub(r"(^|\|)(\w+)\|", lambda found: _named_system(*found.groups()), value, count=1)
    return re.sub(_SEPARATORS.get(kind, _EVERY_SEPARATOR), r"\\\g<0>", value)


def _named_system(before: str, name: str) -> str:
    return f"{before}{SYSTEMS.get(name, name)}|"


def _overlapping(found: Clause) -> Clause:
    """A match on overlapping periods: prefix `ap`, without its widening."""
    assert isinstance(found, Match)
    values = tuple(replace(value, prefix="ap") for value in found.values if isinstance(value, DateValue))
    return replace(found, values=values, modifier=None)
