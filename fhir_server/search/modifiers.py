"""The clause of a parameter on the resource itself, by parameter type and modifier.

https://hl7.org/fhir/R4/search.html#modifiers
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct, structs

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.errors import InvalidSearch
from fhir_server.search import hierarchy, messages, token_sets
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Clause,
    CompositeValue,
    Match,
    MissingValue,
    Not,
    ParameterType,
    QuantityValue,
    ReferenceValue,
    TokenSet,
    TokenValue,
    UriValue,
    Value,
)
from fhir_server.search.escapes import split, unescape
from fhir_server.search.index_plan import components_of, kind_of
from fhir_server.search.limits import Budget, refused
from fhir_server.search.parameter_constraints import check_prefixes
from fhir_server.search.parameters import Parameters, resource_type
from fhir_server.search.types import composite, quantity, reference, string, token, uri
from fhir_server.search.types.composite import Read
from fhir_server.search.types.context import ParseContext
from fhir_server.search.types.kinds import KINDS

_is_mime_type = re.compile(r"[\w.+-]+/[\w.+-]+").fullmatch


class ParameterCriterion(Struct, frozen=True):
    """A parameter that the types of `parameters` have in common, with its modifier and its values, still
    escaped. `whole` is the parameter's name as the client wrote it.
    """

    parameters: Parameters
    parameter: SearchParameter
    modifier: str | None
    texts: Sequence[str]
    whole: str

    @property
    def kind(self) -> ParameterType:
        return kind_of(self.parameter)

    @property
    def code(self) -> str:
        return self.parameter.code


class ClauseBuilder:
    """Builds the clauses of single parameters, within a budget."""

    def __init__(self, registry: Registry, context: ParseContext, budget: Budget) -> None:
        self._registry = registry
        self._context = context
        self._budget = budget

    def clause(self, criterion: ParameterCriterion) -> Clause:
        """The clause of a criterion. Raises `InvalidSearch` for a modifier that its type does not support."""
        self._budget.take_terms(len(criterion.texts), criterion.whole)
        kind, modifier = criterion.kind, criterion.modifier
        if modifier == "missing" and kind != "composite":
            return any_of(self._matches(criterion, _read_missing, modifier))
        check_prefixes(criterion.parameter, criterion.texts, criterion.whole)
        _expect_elements(criterion)
        build = _BUILDERS.get((kind, modifier))
        if build is None and kind == "reference" and self._registry.is_resource_type(modifier or ""):
            build = ClauseBuilder._reference
        if build is not None:
            return build(self, criterion)
        if modifier is not None and f":{modifier}" not in modifiers(kind):
            if kind == "reference" and modifier[:1].isupper():
                resource_type(self._registry, modifier, criterion.whole)
            raise _bad_modifier(criterion)
        return any_of(self._matches(criterion, KINDS[kind].parse, modifier))

    def comparison(self, criterion: ParameterCriterion, modifier: str) -> Clause:
        """The clause of a comparison that only `_filter` has; `Match` lists them."""
        self._budget.take_terms(len(criterion.texts), criterion.whole)
        if criterion.kind == "token":
            return any_of(self._token_matches(criterion, modifier))
        return any_of(self._matches(criterion, KINDS[criterion.kind].parse, modifier))

    def target_types(self, parameters: Parameters, code: str, type: str, whole: str) -> tuple[str, ...]:
        """The target types of a reference parameter; only `type` if it is given. Raises `InvalidSearch` for
        one that is not among them.
        """
        targets = parameters.targets(code) or self._registry.resource_types
        if not type:
            return targets
        resource_type(self._registry, type, whole)
        if type not in targets:
            valid = ", ".join(targets)
            raise refused(messages.NOT_A_TARGET(parameter=code, type=type, valid=valid), whole)
        return (type,)

    def _values(
        self, criterion: ParameterCriterion, read: Read, type: str | None = None
    ) -> tuple[Value, ...]:
        context = structs.replace(self._context, parameter=criterion.whole, type=type)
        return tuple(read(text, context) for text in criterion.texts)

    def _matches(
        self, criterion: ParameterCriterion, read: Read, modifier: str | None = None
    ) -> list[Clause]:
        values = self._values(criterion, read)
        by_index = criterion.parameters.indexed_as(criterion.code)
        single = criterion.kind == "date" and criterion.parameters.is_single_valued(criterion.code)
        return [
            Match(
                indexed,
                criterion.kind,
                values,
                modifier,
                only=types if len(by_index) > 1 else (),
                single=single,
            )
            for indexed, types in by_index.items()
        ]

    def _derived(self, criterion: ParameterCriterion, suffix: str, kind: ParameterType, read: Read) -> Clause:
        """A match on the derived entries of a modifier; strings match anywhere in a text."""
        values = self._values(criterion, read)
        return Match(criterion.code + suffix, kind, values, "contains" if kind == "string" else None)

    # string

    def _string(self, criterion: ParameterCriterion) -> Clause:
        """Match punctuation within words as a space, or as nothing."""
        texts = [unescape(text) for text in criterion.texts]
        without = [string.joined(text, string.normalise(text)) for text in texts]
        criterion = structs.replace(criterion, texts=[*criterion.texts, *filter(None, without)])
        return any_of(self._matches(criterion, string.parse, criterion.modifier))

    def _words(self, criterion: ParameterCriterion) -> Clause:
        """:text matches all the words, in any order."""
        for text in criterion.texts:
            self._budget.take_terms(text.count(" "), criterion.whole)
        return any_of(self._matches(criterion, KINDS["string"].parse, "text"))

    # token

    def _token(self, criterion: ParameterCriterion) -> Clause:
        found = any_of(self._token_matches(criterion))
        return _negation(found) if criterion.modifier == "not" else found

    def _token_matches(self, criterion: ParameterCriterion, modifier: str | None = None) -> list[Clause]:
        """Matches on exact codes, and on case-folded ones for strings, for codes of case-insensitive systems
        and for codes without a system.

        The exact match is always there for codes: a resource that was indexed before its code system was
        known has no case-folded entry.
        """
        texts = {criterion.parameters.is_text(criterion.code, type) for type in criterion.parameters.types}
        plain: list[Value] = []
        folded: list[Value] = []
        for value in self._values(criterion, token.parse):
            assert isinstance(value, TokenValue)
            if value.code is None:
                plain.append(value)
                continue
            if False in texts:
                plain.append(value)
            if True in texts or (token.has_case(value.code) and self._ignores_case(criterion, value.system)):
                folded.append(replace(value, code=token.fold(value.code)))
        return [
            Match(code, "token", tuple(values), modifier)
            for code, values in ((criterion.code, plain), (criterion.code + token.FOLDED, folded))
            if values
        ]

    def _ignores_case(self, criterion: ParameterCriterion, system: str | None) -> bool:
        """Whether codes of the system may be case-insensitive; without a system, those of any."""
        if system is None:
            types = criterion.parameters.element_types(criterion.code)
            return not types or not types.isdisjoint(_CODED)
        return bool(system) and token_sets.ignores_case(self._registry, system)

    def _token_text(self, criterion: ParameterCriterion) -> Clause:
        return self._derived(criterion, token.TEXT, "string", KINDS["string"].parse)

    def _token_of_type(self, criterion: ParameterCriterion) -> Clause:
        return self._derived(criterion, token.OF_TYPE, "token", token.parse_of_type)

    def _token_in(self, criterion: ParameterCriterion) -> Clause:
        sets = [
            token_set
            for text in criterion.texts
            for token_set in token_sets.in_value_set(
                self._registry, text, criterion.whole, self._context.base_urls
            )
        ]
        found = self._of_sets(criterion, sets)
        return _negation(found) if criterion.modifier == "not-in" else found

    def _of_sets(self, criterion: ParameterCriterion, sets: Iterable[TokenSet]) -> Clause:
        """A match on exact codes, and on case-folded ones for case-insensitive systems."""
        sets = tuple(sets)
        folded = tuple(
            TokenSet(token_set.system, frozenset(map(token.fold, token_set.codes)))
            for token_set in sets
            if token_sets.ignores_case(self._registry, token_set.system)
        )
        found = Match(criterion.code, "token", sets)
        return any_of([found, Match(criterion.code + token.FOLDED, "token", folded)]) if folded else found

    def _token_below(self, criterion: ParameterCriterion) -> Clause:
        """Concepts with those that they subsume; MIME types with the same type and parameters."""
        mime_types = [text for text in criterion.texts if _is_mime_type(unescape(text))]
        concepts = [text for text in criterion.texts if text not in mime_types]
        found: list[Clause] = []
        if concepts:
            sets = (token_sets.below(self._registry, text, criterion.whole) for text in concepts)
            found.append(self._of_sets(criterion, sets))
        if mime_types:
            plain = tuple(TokenValue(None, unescape(text)) for text in mime_types)
            longer = tuple(TokenValue(None, f"{value.code};") for value in plain)
            found += [Match(criterion.code, "token", plain), Match(criterion.code, "token", longer, "below")]
        return any_of(found)

    def _token_above(self, criterion: ParameterCriterion) -> Clause:
        return self._of_sets(
            criterion, (token_sets.above(self._registry, text, criterion.whole) for text in criterion.texts)
        )

    # reference

    def _reference(self, criterion: ParameterCriterion) -> Clause:
        targets = self.target_types(
            criterion.parameters, criterion.code, criterion.modifier or "", criterion.whole
        )
        values = self._values(criterion, reference.parse, targets[0] if len(targets) == 1 else None)
        if criterion.modifier:  # then Group/1 is none of subject:Patient
            values = tuple(
                value
                for value in values
                if isinstance(value, ReferenceValue) and value.type in (*targets, "")
            )
        return Match(criterion.code, "reference", values)

    def _reference_identifier(self, criterion: ParameterCriterion) -> Clause:
        return self._derived(criterion, reference.IDENTIFIER, "token", token.parse)

    def _reference_hierarchy(self, criterion: ParameterCriterion) -> Clause:
        """Resources above or below another, or the minor versions below a version of a canonical."""
        targets = self.target_types(criterion.parameters, criterion.code, "", criterion.whole)
        values = self._values(criterion, reference.parse, targets[0] if len(targets) == 1 else None)
        are_canonicals = criterion.parameters.element_types(criterion.code) == {"canonical"}
        found: list[Clause] = []
        for text, value in zip(criterion.texts, values, strict=True):
            assert isinstance(value, ReferenceValue)
            if are_canonicals or value.type == "" or len(split(text, "|")) > 1:
                if criterion.modifier == "above":
                    text_ = messages.NOTHING_ABOVE_A_VERSION(value=text, parameter=criterion.whole)
                    raise refused(text_, criterion.whole)
                found.append(Match(criterion.code, "reference", (value,), "below"))
            else:
                above = criterion.modifier == "above"
                found.append(
                    hierarchy.clause(self._registry, criterion.code, value, above, text, criterion.whole)
                )
        return any_of(found)

    # uri

    def _uri(self, criterion: ParameterCriterion) -> Clause:
        """URIs as written; `url=...|version` selects that version of a canonical resource."""
        alternatives, plain = self._of_versions(criterion)
        if plain:
            alternatives += self._matches(structs.replace(criterion, texts=plain), uri.parse)
        return any_of(alternatives)

    def _of_versions(self, criterion: ParameterCriterion) -> tuple[list[Clause], Sequence[str]]:
        """The clauses of values `url=...|version`, with minor versions for `:below`, and the other values."""
        if criterion.code != "url" or "version" not in criterion.parameters.codes("token"):
            return [], criterion.texts
        found: list[Clause] = []
        plain: list[str] = []
        for text in criterion.texts:
            url, *version = split(text, "|")
            if not any(version):
                plain.append(text)
                continue
            of_version = structs.replace(
                criterion, parameter=criterion.parameters.get("version"), texts=[version[0]]
            )
            versions = self._token_matches(of_version)
            if criterion.modifier == "below":
                minor = structs.replace(of_version, texts=[f"{version[0]}."])
                versions += self._token_matches(minor, "below")
            same = Match("url", "uri", (uri.parse(url, self._context),))
            found.append(AllOf((same, any_of(versions))))
        return found, plain

    def _uri_segments(self, criterion: ParameterCriterion) -> Clause:
        """:above matches the URLs that are path prefixes of the value, :below those of which it is a prefix,
        by whole path segments; :below a canonical's version matches its minor versions.
        """
        exact: list[Value] = []
        longer: list[Value] = []
        is_below = criterion.modifier == "below"
        found, texts = self._of_versions(criterion) if is_below else ([], criterion.texts)
        for text in texts:
            self._budget.take_terms(text.count("/"), criterion.whole)
            segments = uri.segments(unescape(text))
            if segments is None:
                raise refused(messages.NO_PATH(value=text, parameter=criterion.whole), criterion.whole)
            if is_below:
                exact.append(UriValue(segments[0]))
                longer.append(UriValue(f"{segments[0]}{'.' if '|' in segments[0] else '/'}"))
            elif len(split(text, "|")) > 1:
                text_ = messages.NOTHING_ABOVE_A_VERSION(value=text, parameter=criterion.whole)
                raise refused(text_, criterion.whole)
            else:
                exact += [UriValue(segment + end) for segment in segments for end in ("", "/")]
        if exact:
            found.append(Match(criterion.code, "uri", tuple(exact)))
        if longer:
            found.append(Match(criterion.code, "uri", tuple(longer), "below"))
        return any_of(found)

    # quantity and composite

    def _quantity(self, criterion: ParameterCriterion) -> Clause:
        """Quantities with UCUM units are compared in base units, all others as written."""
        written: list[Value] = []
        canonical: list[Value] = []
        for value in self._values(criterion, quantity.parse):
            converted = _in_base_units(value)
            if converted is None:
                written.append(value)
            else:
                canonical.append(converted)
        found = ((criterion.code, written), (criterion.code + quantity.CANONICAL, canonical))
        return any_of([Match(code, "quantity", tuple(values)) for code, values in found if values])

    def _composite(self, criterion: ParameterCriterion) -> Clause:
        components = [definition for definition, _ in components_of(self._registry, criterion.parameter)]
        kinds = tuple(map(kind_of, components))
        readers: list[tuple[str, Read]] = [
            (component.code, KINDS[kind].parse) for component, kind in zip(components, kinds, strict=True)
        ]
        values = self._values(criterion, lambda text, context: _read_composite(text, context, readers))
        return Match(criterion.code, "composite", values, component_types=kinds)


def _read_composite(text: str, context: ParseContext, readers: Sequence[tuple[str, Read]]) -> CompositeValue:
    """A composite value with its quantities in base units where these are known."""
    parts = []
    for part in composite.parse(text, context, readers).components:
        converted = _in_base_units(part)
        parts.append(replace(converted, base=True) if converted else part)
    return CompositeValue(tuple(parts))


def any_of(clauses: Sequence[Clause]) -> Clause:
    """The disjunction of clauses; the clause itself if there is only one."""
    return clauses[0] if len(clauses) == 1 else AnyOf(tuple(clauses))


def _negation(clause: Clause) -> Clause:
    """The negation of a clause, which is also true of resources without a value."""
    return replace(clause, modifier="not") if isinstance(clause, Match) else Not(clause)


def _in_base_units(value: Value) -> QuantityValue | None:
    return quantity.in_base_units(value) if isinstance(value, QuantityValue) else None


def _read_missing(text: str, context: ParseContext) -> MissingValue:
    if text not in ("true", "false"):
        raise InvalidSearch.of(messages.BAD_MISSING(value=text, parameter=context.parameter))
    return MissingValue(text == "true")


def _expect_elements(criterion: ParameterCriterion) -> None:
    """Raise `InvalidSearch` for a modifier that needs an element type which the parameter does not select."""
    needed = _OF_ELEMENTS.get(criterion.modifier or "")
    if (
        needed is not None
        and (found := criterion.parameters.element_types(criterion.code))
        and needed not in found
    ):
        raise _bad_modifier(criterion)


def _bad_modifier(criterion: ParameterCriterion) -> InvalidSearch:
    kind, code, modifier = criterion.kind, criterion.code, criterion.modifier
    if kind == "composite":
        return refused(messages.NO_MODIFIER(parameter=code, modifier=modifier), criterion.whole)
    valid = ", ".join(name for name in modifiers(kind) if name != f":{modifier}")
    text = messages.UNKNOWN_MODIFIER(
        modifier=modifier, kind=criterion.parameter.type, parameter=code, valid=valid
    )
    return refused(text, criterion.whole)


def modifiers(kind: ParameterType) -> list[str]:
    """The modifiers of a parameter type, as written in a query."""
    if kind == "composite" or kind not in KINDS:
        return []
    found = [f":{name}" for name in ("missing", *KINDS[kind].modifiers)]
    return [*found, ":[type]"] if kind == "reference" else found


_OF_ELEMENTS: Mapping[str, str] = {"of-type": "Identifier", "identifier": "Reference"}
"""The element type that a modifier needs, where it does not apply to all those of its parameter type."""

_CODED = ("Coding", "CodeableConcept")
"""The element types with a system of their own per code."""

_BUILDERS: Mapping[
    tuple[ParameterType, str | None], Callable[[ClauseBuilder, ParameterCriterion], Clause]
] = {
    ("string", None): ClauseBuilder._string,
    ("string", "contains"): ClauseBuilder._string,
    ("string", "text"): ClauseBuilder._words,
    ("token", None): ClauseBuilder._token,
    ("token", "not"): ClauseBuilder._token,
    ("token", "text"): ClauseBuilder._token_text,
    ("token", "of-type"): ClauseBuilder._token_of_type,
    ("token", "in"): ClauseBuilder._token_in,
    ("token", "not-in"): ClauseBuilder._token_in,
    ("token", "below"): ClauseBuilder._token_below,
    ("token", "above"): ClauseBuilder._token_above,
    ("reference", None): ClauseBuilder._reference,
    ("reference", "identifier"): ClauseBuilder._reference_identifier,
    ("reference", "above"): ClauseBuilder._reference_hierarchy,
    ("reference", "below"): ClauseBuilder._reference_hierarchy,
    ("uri", None): ClauseBuilder._uri,
    ("uri", "above"): ClauseBuilder._uri_segments,
    ("uri", "below"): ClauseBuilder._uri_segments,
    ("quantity", None): ClauseBuilder._quantity,
    ("composite", None): ClauseBuilder._composite,
}
"""The builder for each parameter type and modifier; all others are plain matches."""
