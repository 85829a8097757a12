"""What a criterion asks of the resource itself: values of one of its parameters, perhaps with a modifier.

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
from fhir_server.search.types.context import Reading
from fhir_server.search.types.kinds import KINDS

_is_mime_type = re.compile(r"[\w.+-]+/[\w.+-]+").fullmatch


class Asked(Struct, frozen=True):
    """Alternatives, still escaped, for a parameter that the types of `parameters` have in common. `whole` is
    the parameter as the client wrote it.
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


class CriteriaReader:
    """Understands criteria by the definitions, as far as the budget goes."""

    def __init__(self, registry: Registry, reading: Reading, budget: Budget) -> None:
        self._registry = registry
        self._reading = reading
        self._budget = budget

    def clause(self, asked: Asked) -> Clause:
        """The clause of a criterion. Raises `InvalidSearch` for a modifier that its type does not take."""
        self._budget.take_terms(len(asked.texts), asked.whole)
        kind, modifier = asked.kind, asked.modifier
        if modifier == "missing" and kind != "composite":
            return any_of(self._matches(asked, _read_missing, modifier))
        check_prefixes(asked.parameter, asked.texts, asked.whole)
        _expect_elements(asked)
        build = _BUILDERS.get((kind, modifier))
        if build is None and kind == "reference" and self._registry.is_resource_type(modifier or ""):
            build = CriteriaReader._reference
        if build is not None:
            return build(self, asked)
        if modifier is not None and f":{modifier}" not in modifiers(kind):
            if kind == "reference" and modifier[:1].isupper():
                resource_type(self._registry, modifier, asked.whole)
            raise _bad_modifier(asked)
        return any_of(self._matches(asked, KINDS[kind].parse, modifier))

    def compared(self, asked: Asked, modifier: str) -> Clause:
        """The clause of a comparison that only `_filter` knows; `Match` tells which there are."""
        self._budget.take_terms(len(asked.texts), asked.whole)
        if asked.kind == "token":
            return any_of(self._token_matches(asked, modifier))
        return any_of(self._matches(asked, KINDS[asked.kind].parse, modifier))

    def narrowed(self, parameters: Parameters, code: str, type: str, whole: str) -> tuple[str, ...]:
        """The types that a reference may lead to: the one that is asked for, or all it may have."""
        targets = parameters.targets(code) or self._registry.resource_types
        if not type:
            return targets
        resource_type(self._registry, type, whole)
        if type not in targets:
            valid = ", ".join(targets)
            raise refused(messages.NOT_A_TARGET(parameter=code, type=type, valid=valid), whole)
        return (type,)

    def _values(self, asked: Asked, read: Read, type: str | None = None) -> tuple[Value, ...]:
        reading = structs.replace(self._reading, parameter=asked.whole, type=type)
        return tuple(read(text, reading) for text in asked.texts)

    def _matches(self, asked: Asked, read: Read, modifier: str | None = None) -> list[Clause]:
        values = self._values(asked, read)
        by_index = asked.parameters.indexed_as(asked.code)
        single = asked.kind == "date" and asked.parameters.is_single_valued(asked.code)
        return [
            Match(
                indexed, asked.kind, values, modifier, only=types if len(by_index) > 1 else (), single=single
            )
            for indexed, types in by_index.items()
        ]

    def _derived(self, asked: Asked, suffix: str, kind: ParameterType, read: Read) -> Clause:
        """A match on the entries that were derived for a modifier; texts are found anywhere in them."""
        values = self._values(asked, read)
        return Match(asked.code + suffix, kind, values, "contains" if kind == "string" else None)

    # string

    def _string(self, asked: Asked) -> Clause:
        """Punctuation within words is a space, or nothing at all."""
        texts = [unescape(text) for text in asked.texts]
        without = [string.joined(text, string.normalise(text)) for text in texts]
        asked = structs.replace(asked, texts=[*asked.texts, *filter(None, without)])
        return any_of(self._matches(asked, string.parse, asked.modifier))

    def _words(self, asked: Asked) -> Clause:
        """:text finds all the words, in whatever order."""
        for text in asked.texts:
            self._budget.take_terms(text.count(" "), asked.whole)
        return any_of(self._matches(asked, KINDS["string"].parse, "text"))

    # token

    def _token(self, asked: Asked) -> Clause:
        found = any_of(self._token_matches(asked))
        return _denied(found) if asked.modifier == "not" else found

    def _token_matches(self, asked: Asked, modifier: str | None = None) -> list[Clause]:
        """Codes as they are; strings, and codes of systems that do not tell case apart, without case as well,
        and so is a code of whatever system.

        What was indexed before its code system was known has no entry without case: it is found as it stands.
        """
        texts = {asked.parameters.is_text(asked.code, type) for type in asked.parameters.types}
        plain: list[Value] = []
        folded: list[Value] = []
        for value in self._values(asked, token.parse):
            assert isinstance(value, TokenValue)
            if value.code is None:
                plain.append(value)
                continue
            if False in texts:
                plain.append(value)
            if True in texts or (token.has_case(value.code) and self._ignores_case(asked, value.system)):
                folded.append(replace(value, code=token.fold(value.code)))
        return [
            Match(code, "token", tuple(values), modifier)
            for code, values in ((asked.code, plain), (asked.code + token.FOLDED, folded))
            if values
        ]

    def _ignores_case(self, asked: Asked, system: str | None) -> bool:
        """Whether a code of the system, or of any, may be written in several cases."""
        if system is None:
            types = asked.parameters.element_types(asked.code)
            return not types or not types.isdisjoint(_CODED)
        return bool(system) and token_sets.ignores_case(self._registry, system)

    def _token_text(self, asked: Asked) -> Clause:
        return self._derived(asked, token.TEXT, "string", KINDS["string"].parse)

    def _token_of_type(self, asked: Asked) -> Clause:
        return self._derived(asked, token.OF_TYPE, "token", token.parse_of_type)

    def _token_in(self, asked: Asked) -> Clause:
        sets = [
            token_set
            for text in asked.texts
            for token_set in token_sets.in_value_set(
                self._registry, text, asked.whole, self._reading.base_urls
            )
        ]
        found = self._of_sets(asked, sets)
        return _denied(found) if asked.modifier == "not-in" else found

    def _of_sets(self, asked: Asked, sets: Iterable[TokenSet]) -> Clause:
        """Codes as they are, and those of systems that do not tell case apart without case as well."""
        sets = tuple(sets)
        folded = tuple(
            TokenSet(token_set.system, frozenset(map(token.fold, token_set.codes)))
            for token_set in sets
            if token_sets.ignores_case(self._registry, token_set.system)
        )
        found = Match(asked.code, "token", sets)
        return any_of([found, Match(asked.code + token.FOLDED, "token", folded)]) if folded else found

    def _token_below(self, asked: Asked) -> Clause:
        """Concepts and what they subsume; MIME types and what has more to say than they."""
        mime_types = [text for text in asked.texts if _is_mime_type(unescape(text))]
        concepts = [text for text in asked.texts if text not in mime_types]
        found: list[Clause] = []
        if concepts:
            sets = (token_sets.below(self._registry, text, asked.whole) for text in concepts)
            found.append(self._of_sets(asked, sets))
        if mime_types:
            plain = tuple(TokenValue(None, unescape(text)) for text in mime_types)
            longer = tuple(TokenValue(None, f"{value.code};") for value in plain)
            found += [Match(asked.code, "token", plain), Match(asked.code, "token", longer, "below")]
        return any_of(found)

    def _token_above(self, asked: Asked) -> Clause:
        return self._of_sets(
            asked, (token_sets.above(self._registry, text, asked.whole) for text in asked.texts)
        )

    # reference

    def _reference(self, asked: Asked) -> Clause:
        targets = self.narrowed(asked.parameters, asked.code, asked.modifier or "", asked.whole)
        values = self._values(asked, reference.parse, targets[0] if len(targets) == 1 else None)
        if asked.modifier:  # then Group/1 is none of subject:Patient
            values = tuple(
                value
                for value in values
                if isinstance(value, ReferenceValue) and value.type in (*targets, "")
            )
        return Match(asked.code, "reference", values)

    def _reference_identifier(self, asked: Asked) -> Clause:
        return self._derived(asked, reference.IDENTIFIER, "token", token.parse)

    def _reference_hierarchy(self, asked: Asked) -> Clause:
        """What lies above or below a resource, or below a version of a canonical."""
        targets = self.narrowed(asked.parameters, asked.code, "", asked.whole)
        values = self._values(asked, reference.parse, targets[0] if len(targets) == 1 else None)
        are_canonicals = asked.parameters.element_types(asked.code) == {"canonical"}
        found: list[Clause] = []
        for text, value in zip(asked.texts, values, strict=True):
            assert isinstance(value, ReferenceValue)
            if are_canonicals or value.type == "" or len(split(text, "|")) > 1:
                if asked.modifier == "above":
                    text_ = messages.NOTHING_ABOVE_A_VERSION(value=text, parameter=asked.whole)
                    raise refused(text_, asked.whole)
                found.append(Match(asked.code, "reference", (value,), "below"))
            else:
                above = asked.modifier == "above"
                found.append(hierarchy.clause(self._registry, asked.code, value, above, text, asked.whole))
        return any_of(found)

    # uri

    def _uri(self, asked: Asked) -> Clause:
        """`url=...|version` asks for that version of a canonical resource."""
        alternatives, plain = self._of_versions(asked)
        if plain:
            alternatives += self._matches(structs.replace(asked, texts=plain), uri.parse)
        return any_of(alternatives)

    def _of_versions(self, asked: Asked) -> tuple[list[Clause], Sequence[str]]:
        """What `url=...|version` asks for, `:below` its minor versions too, and the texts without one."""
        if asked.code != "url" or "version" not in asked.parameters.codes("token"):
            return [], asked.texts
        found: list[Clause] = []
        plain: list[str] = []
        for text in asked.texts:
            url, *version = split(text, "|")
            if not any(version):
                plain.append(text)
                continue
            of_version = structs.replace(asked, parameter=asked.parameters.get("version"), texts=[version[0]])
            versions = self._token_matches(of_version)
            if asked.modifier == "below":
                minor = structs.replace(of_version, texts=[f"{version[0]}."])
                versions += self._token_matches(minor, "below")
            same = Match("url", "uri", (uri.parse(url, self._reading),))
            found.append(AllOf((same, any_of(versions))))
        return found, plain

    def _uri_segments(self, asked: Asked) -> Clause:
        """Above are the URLs that it begins with, below those that begin with it, whole parts of the path;
        below a version of a canonical, as `url` and `_profile` have it, are its minor versions.
        """
        exact: list[Value] = []
        longer: list[Value] = []
        is_below = asked.modifier == "below"
        found, texts = self._of_versions(asked) if is_below else ([], asked.texts)
        for text in texts:
            self._budget.take_terms(text.count("/"), asked.whole)
            segments = uri.segments(unescape(text))
            if segments is None:
                raise refused(messages.NO_PATH(value=text, parameter=asked.whole), asked.whole)
            if is_below:
                exact.append(UriValue(segments[0]))
                longer.append(UriValue(f"{segments[0]}{'.' if '|' in segments[0] else '/'}"))
            elif len(split(text, "|")) > 1:
                text_ = messages.NOTHING_ABOVE_A_VERSION(value=text, parameter=asked.whole)
                raise refused(text_, asked.whole)
            else:
                exact += [UriValue(segment + end) for segment in segments for end in ("", "/")]
        if exact:
            found.append(Match(asked.code, "uri", tuple(exact)))
        if longer:
            found.append(Match(asked.code, "uri", tuple(longer), "below"))
        return any_of(found)

    # quantity and composite

    def _quantity(self, asked: Asked) -> Clause:
        """Units of UCUM are compared in base units, and all others as they are written."""
        written: list[Value] = []
        canonical: list[Value] = []
        for value in self._values(asked, quantity.parse):
            converted = _in_base_units(value)
            if converted is None:
                written.append(value)
            else:
                canonical.append(converted)
        found = ((asked.code, written), (asked.code + quantity.CANONICAL, canonical))
        return any_of([Match(code, "quantity", tuple(values)) for code, values in found if values])

    def _composite(self, asked: Asked) -> Clause:
        components = [definition for definition, _ in components_of(self._registry, asked.parameter)]
        kinds = tuple(map(kind_of, components))
        readers: list[tuple[str, Read]] = [
            (component.code, KINDS[kind].parse) for component, kind in zip(components, kinds, strict=True)
        ]
        values = self._values(asked, lambda text, reading: _read_composite(text, reading, readers))
        return Match(asked.code, "composite", values, component_types=kinds)


def _read_composite(text: str, reading: Reading, readers: Sequence[tuple[str, Read]]) -> CompositeValue:
    """The composite with its quantities in base units where they can be."""
    parts = []
    for part in composite.parse(text, reading, readers).components:
        converted = _in_base_units(part)
        parts.append(replace(converted, base=True) if converted else part)
    return CompositeValue(tuple(parts))


def any_of(clauses: Sequence[Clause]) -> Clause:
    """At least one of the clauses; the clause itself where there is but one."""
    return clauses[0] if len(clauses) == 1 else AnyOf(tuple(clauses))


def _denied(clause: Clause) -> Clause:
    """What a clause is not true of, and what has no value."""
    return replace(clause, modifier="not") if isinstance(clause, Match) else Not(clause)


def _in_base_units(value: Value) -> QuantityValue | None:
    return quantity.in_base_units(value) if isinstance(value, QuantityValue) else None


def _read_missing(text: str, reading: Reading) -> MissingValue:
    if text not in ("true", "false"):
        raise InvalidSearch.of(messages.BAD_MISSING(value=text, parameter=reading.parameter))
    return MissingValue(text == "true")


def _expect_elements(asked: Asked) -> None:
    """Raise `InvalidSearch` for a modifier of elements that the parameter does not look at."""
    needed = _OF_ELEMENTS.get(asked.modifier or "")
    if needed is not None and (found := asked.parameters.element_types(asked.code)) and needed not in found:
        raise _bad_modifier(asked)


def _bad_modifier(asked: Asked) -> InvalidSearch:
    kind, code, modifier = asked.kind, asked.code, asked.modifier
    if kind == "composite":
        return refused(messages.NO_MODIFIER(parameter=code, modifier=modifier), asked.whole)
    valid = ", ".join(name for name in modifiers(kind) if name != f":{modifier}")
    text = messages.UNKNOWN_MODIFIER(
        modifier=modifier, kind=asked.parameter.type, parameter=code, valid=valid
    )
    return refused(text, asked.whole)


def modifiers(kind: ParameterType) -> list[str]:
    """The modifiers that a type of parameter takes, as they are written."""
    if kind == "composite" or kind not in KINDS:
        return []
    found = [f":{name}" for name in ("missing", *KINDS[kind].modifiers)]
    return [*found, ":[type]"] if kind == "reference" else found


_OF_ELEMENTS: Mapping[str, str] = {"of-type": "Identifier", "identifier": "Reference"}
"""The type of element that a modifier asks something of, where that is but one of those a kind looks at."""

_CODED = ("Coding", "CodeableConcept")
"""The types of elements whose codes are of a system that each names for itself."""

_BUILDERS: Mapping[tuple[ParameterType, str | None], Callable[[CriteriaReader, Asked], Clause]] = {
    ("string", None): CriteriaReader._string,
    ("string", "contains"): CriteriaReader._string,
    ("string", "text"): CriteriaReader._words,
    ("token", None): CriteriaReader._token,
    ("token", "not"): CriteriaReader._token,
    ("token", "text"): CriteriaReader._token_text,
    ("token", "of-type"): CriteriaReader._token_of_type,
    ("token", "in"): CriteriaReader._token_in,
    ("token", "not-in"): CriteriaReader._token_in,
    ("token", "below"): CriteriaReader._token_below,
    ("token", "above"): CriteriaReader._token_above,
    ("reference", None): CriteriaReader._reference,
    ("reference", "identifier"): CriteriaReader._reference_identifier,
    ("reference", "above"): CriteriaReader._reference_hierarchy,
    ("reference", "below"): CriteriaReader._reference_hierarchy,
    ("uri", None): CriteriaReader._uri,
    ("uri", "above"): CriteriaReader._uri_segments,
    ("uri", "below"): CriteriaReader._uri_segments,
    ("quantity", None): CriteriaReader._quantity,
    ("composite", None): CriteriaReader._composite,
}
"""What understands each type of parameter with each modifier; all others are plain matches."""
