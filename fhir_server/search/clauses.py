"""From a search criterion such as `subject:Patient.name:exact=Martin` to a clause: chains and `_has`.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import Chain, Clause, Has
from fhir_server.search.escapes import has_stray_escape, split
from fhir_server.search.limits import STEPS_MAX, VALUE_LENGTH_MAX, VALUES_MAX, Budget, refused
from fhir_server.search.modifiers import ClauseBuilder, ParameterCriterion, any_of
from fhir_server.search.parameter_constraints import Repetition, check_chain, check_modifier, check_values
from fhir_server.search.parameters import Parameters, UnknownParameter, resource_type
from fhir_server.search.types.context import ParseContext


class Criterion(Struct, frozen=True):
    """One parameter of the query. `whole` is its name as the client wrote it, and `name` the part that is
    still to be parsed; `steps` counts the chain steps before that, `place` the parameters before this one.
    """

    name: str
    value: str
    whole: str
    steps: int = 0
    place: int = 0

    def path(self, code: str) -> str:
        """The chain to the parameter `code`, without its modifier."""
        return self.whole.removesuffix(self.name) + code

    def rest(self, name: str) -> "Criterion":
        """The criterion after one step of a chain or `_has`. Raises `InvalidSearch` for too many steps."""
        if self.steps == STEPS_MAX:
            raise refused(messages.TOO_DEEP(parameter=self.whole, limit=STEPS_MAX), self.whole)
        return structs.replace(self, name=name, steps=self.steps + 1)


Follow = Callable[[Parameters], Clause]
"""Makes the clause on the target of a reference, given the parameters of the target's type."""


class ClauseParser:
    """Parses criteria into clauses. `now` is in UTC microseconds; `specials` are the special parameters."""

    def __init__(
        self,
        registry: Registry,
        zone: ZoneInfo,
        base_urls: tuple[str, ...],
        now: int,
        specials: Mapping[str, "Special"],
    ) -> None:
        self._registry = registry
        self._specials = specials
        self._repetition = Repetition()
        self.budget = Budget()
        self.builder = ClauseBuilder(registry, ParseContext("", zone, now, base_urls), self.budget)

    def clause(self, parameters: Parameters, criterion: Criterion) -> Clause:
        """The clause of one criterion on resources with these `parameters`.

        Raises `UnknownParameter` for what handling=lenient ignores, else `InvalidSearch`.
        """
        if criterion.name == "_has" or criterion.name.startswith("_has:"):
            return self._has(parameters, criterion)
        head, dot, rest = criterion.name.partition(".")
        code, colon, modifier = head.partition(":")
        special = self._specials.get(code)
        if special is not None:
            if colon or dot:
                text = messages.NO_MODIFIER(parameter=code, modifier=criterion.name[len(code) + 1 :])
                raise refused(text, criterion.whole)
            return special(self, parameters, criterion)
        parameter = parameters.get(code)
        if dot:
            following = criterion.rest(rest)
            return self.chain(
                parameters,
                parameter,
                modifier,
                following.whole,
                lambda target: self.clause(target, following),
                rest,
            )
        whole, texts = criterion.whole, alternatives(criterion)
        check_modifier(parameter, modifier, whole)
        check_values(parameter, texts, whole)
        self._repetition.check(parameter, criterion.path(code), criterion.place, whole)
        return self.builder.clause(
            ParameterCriterion(parameters, parameter, modifier if colon else None, texts, whole)
        )

    def is_special(self, code: str) -> bool:
        return code in self._specials

    def _has(self, parameters: Parameters, criterion: Criterion) -> Clause:
        parts = criterion.name.split(":", 3)
        if len(parts) != 4 or not all(parts):
            raise refused(messages.BAD_HAS(parameter=criterion.whole), criterion.whole)
        _, type, code, rest = parts
        type = resource_type(self._registry, type, criterion.whole)
        referring = Parameters(self._registry, (type,))
        parameter = referring.get(code)
        _expect_reference(referring, parameter, criterion.whole)
        targets = referring.targets(code)
        if targets and not parameters.are_of_every_type and not set(targets) & set(parameters.types):
            valid, types = ", ".join(targets), ", ".join(parameters.types)
            raise refused(
                messages.NOT_A_TARGET(parameter=f"{type}:{code}", type=types, valid=valid), criterion.whole
            )
        return Has(type, code, self.clause(referring, criterion.rest(rest)))

    def chain(
        self,
        parameters: Parameters,
        parameter: SearchParameter,
        type: str,
        whole: str,
        follow: Follow,
        rest: str,
    ) -> Clause:
        """The clause of a chain through a reference parameter: to one `type`, or to any if it is empty.

        `follow` makes the clause on the target, whose text is `rest`. Targets that do not have its parameter
        are left out. Raises `InvalidSearch` or `UnknownParameter` if that leaves none.
        """
        _expect_reference(parameters, parameter, whole)
        check_modifier(parameter, type, whole)
        check_chain(parameter, rest, whole)
        targets = self.builder.target_types(parameters, parameter.code, type, whole)
        by_clause: dict[Clause, list[str]] = {}
        errors: list[UnknownParameter | InvalidSearch] = []
        for target in targets:
            self.budget.take_chain_target(whole)
            try:
                clause = follow(Parameters(self._registry, (target,)))
            except (UnknownParameter, InvalidSearch) as error:
                if isinstance(error, InvalidSearch) and any(
                    issue.code == "too-costly" for issue in error.issues
                ):
                    raise
                errors.append(error)
                continue
            by_clause.setdefault(clause, []).append(target)
        if not by_clause:
            step = f"{parameter.code}:{type}" if type else parameter.code
            raise _chain_error(errors, rest, whole, step, targets)
        return any_of([Chain(parameter.code, tuple(types), clause) for clause, types in by_clause.items()])


Special = Callable[[ClauseParser, Parameters, Criterion], Clause]
"""Makes the clause of a special parameter."""


def alternatives(criterion: Criterion) -> list[str]:
    """The comma-separated values of a criterion, still escaped; empty ones are skipped."""
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


def _expect_reference(parameters: Parameters, parameter: SearchParameter, whole: str) -> None:
    if parameter.type != "reference":
        text = messages.NOT_A_REFERENCE(
            parameter=parameter.code,
            kind=parameter.type,
            type=parameters.names(),
            valid=", ".join(parameters.codes("reference")) or "-",
        )
        raise refused(text, whole)


def _chain_error(
    errors: list[UnknownParameter | InvalidSearch],
    rest: str,
    whole: str,
    step: str,
    targets: tuple[str, ...],
) -> Exception:
    """The error of a chain without a target: a bad value if there is one, else an unknown parameter."""
    for error in errors:
        if isinstance(error, InvalidSearch) or len(errors) == 1:
            return error
    types = ", ".join(targets[:20]) + (", ..." if len(targets) > 20 else "")
    return UnknownParameter(messages.CHAIN_LEADS_NOWHERE(rest=rest, parameter=whole, step=step, types=types))
