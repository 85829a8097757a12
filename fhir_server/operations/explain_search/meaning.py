"""Describes a clause of a search in a sentence.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fhir_server.core import temporal
from fhir_server.issues import Template, Text
from fhir_server.operations.explain_search import messages
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Hierarchy,
    Match,
    MissingValue,
    NearValue,
    Not,
    NumberValue,
    OfTypeValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenSet,
    TokenValue,
    UriValue,
    Value,
    WordValue,
)
from fhir_server.search.types.word import NARRATIVE

VALUES_TOLD = 20
"""Alternatives that a sentence lists; it only counts the others."""

OWN = ("_id", "_lastUpdated")

_SUFFIXES: Mapping[str, Template] = {
    "text": messages.PARAMETER_TEXT,
    "identifier": messages.PARAMETER_IDENTIFIER,
    "folded": messages.PARAMETER_WITHOUT_CASE,
    "canonical": messages.PARAMETER_IN_BASE_UNITS,
}
_STRINGS: Mapping[str | None, Template] = {
    None: messages.STARTS_WITH,
    "contains": messages.CONTAINS,
    "text": messages.HAS_WORDS,
    "ew": messages.ENDS_WITH,
}
_DATES: Mapping[str, Template] = {
    "eq": messages.DATE_EQ,
    "ne": messages.DATE_NE,
    "gt": messages.DATE_GT,
    "lt": messages.DATE_LT,
    "ge": messages.DATE_GE,
    "le": messages.DATE_LE,
    "sa": messages.DATE_SA,
    "eb": messages.DATE_EB,
    "ap": messages.DATE_AP,
}
_OPERATORS = {"eq": "=", "ne": "≠", "gt": ">", "lt": "<", "ge": "≥", "le": "≤", "sa": ">", "eb": "<"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = (
    (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    for moment in (datetime.min, datetime.max)
)
"""The bounds of Python's calendar; FHIR's first and last days in another zone exceed them."""

Name = Text | str


@dataclass(frozen=True, slots=True)
class Meaning:
    """Describes clauses, with times in `zone`."""

    zone: ZoneInfo

    def of(self, clause: Clause) -> Text:
        """The clause as a sentence without a full stop."""
        match clause:
            case Match():
                return self._match(clause)
            case Chain(parameter, types, where):
                return messages.CHAIN(parameter=parameter, types=_either(types), where=self.of(where))
            case Has(type, parameter, where):
                return messages.HAS(type=type, parameter=parameter, where=self.of(where))
            case Hierarchy(parameter, type, id, _, direction):
                template = messages.ABOVE if direction == "above" else messages.BELOW
                return template(parameter=parameter, reference=f"{type}/{id}")
            case AllOf(clauses):
                return _joined(messages.AND, map(self._part, clauses))
            case AnyOf(clauses):
                return _joined(messages.OR, map(self._part, clauses))
            case Not(negated):
                return messages.NOT(clause=self.of(negated))

    def _part(self, clause: Clause) -> Text:
        text = self.of(clause)
        return messages.GROUP(clause=text) if isinstance(clause, AllOf | AnyOf) else text

    def _match(self, match: Match) -> Text:
        modifier = None if match.modifier == "not" else match.modifier
        name = subject(match.parameter)
        text = _joined(messages.OR, [self._value(name, match, value, modifier) for value in match.values])
        return messages.NO_VALUE_THAT(clause=text) if match.modifier == "not" else text

    def _value(self, name: Name, match: Match, value: Value, modifier: str | None) -> Text:
        match value:
            case MissingValue(missing):
                return (messages.MISSING if missing else messages.PRESENT)(parameter=name)
            case CompositeValue(components):
                parts = [
                    self._value(messages.COMPONENT(number=number), match, part, None)
                    for number, part in enumerate(components, start=1)
                ]
                return messages.ONE_PART(parameter=name, parts=_joined(messages.AND, parts))
            case DateValue(prefix):
                template = messages.DATE_CO if modifier == "co" else _DATES[prefix]
                return template(parameter=name, period=self.period(value.low, value.high))
            case WordValue(word):
                of_narrative = match.parameter == NARRATIVE
                return (messages.WORD_OF_NARRATIVE if of_narrative else messages.WORD)(word=word)
        return _simple(name, value, modifier)

    def period(self, low: int, high: int) -> Text:
        """The period [low, high), given in UTC microseconds, in the zone."""
        return messages.PERIOD(low=self._moment(low), high=self._moment(high))

    def _moment(self, microseconds: int) -> Name:
        if microseconds <= temporal.BEGINNING:
            return messages.BEGINNING()
        if microseconds >= temporal.END:
            return messages.END()
        moment = _EPOCH + timedelta(microseconds=min(max(microseconds, _FIRST), _LAST))
        try:
            return moment.astimezone(self.zone).isoformat()
        except OverflowError:
            return moment.isoformat()


def _simple(name: Name, value: Value, modifier: str | None) -> Text:
    """The description of a value that does not depend on the time zone."""
    match value:
        case StringValue():
            return _string(name, value, modifier)
        case TokenValue():
            return _token(name, value, modifier)
        case TokenSet(system, codes):
            return messages.CODE_SET(parameter=name, count=len(codes), system=system)
        case OfTypeValue(system, code, identifier):
            return messages.OF_TYPE(parameter=name, system=system, code=code, value=identifier)
        case ReferenceValue():
            return _reference(name, value, modifier)
        case NumberValue():
            return _number(name, value)
        case QuantityValue():
            return _quantity(name, value)
        case UriValue(uri):
            templates = {
                "below": messages.URI_BELOW,
                "contains": messages.URI_CONTAINS,
                "ne": messages.URI_IS_NOT,
            }
            return templates.get(modifier or "", messages.URI_IS)(parameter=name, uri=uri)
        case NearValue(latitude, longitude, metres):
            return messages.NEAR(parameter=name, metres=metres, latitude=latitude, longitude=longitude)
    raise TypeError(f"not a value: {value!r}")


def _string(name: Name, value: StringValue, modifier: str | None) -> Text:
    if modifier == "exact":
        return messages.EXACTLY(parameter=name, text=value.exact)
    template = _STRINGS.get(modifier)
    if template is not None:
        return template(parameter=name, text=value.text)
    return messages.TEXT_IS(parameter=name, operator=_OPERATORS[modifier or "eq"], text=value.text)


def _token(name: Name, value: TokenValue, modifier: str | None) -> Text:
    if modifier == "below":
        return messages.CODE_STARTS(parameter=name, code=value.code)
    if value.code is None:
        return messages.EVERY_CODE(parameter=name, system=value.system)
    if value.system is None:
        return messages.ANY_SYSTEM(parameter=name, code=value.code)
    if not value.system:
        return messages.NO_SYSTEM(parameter=name, code=value.code)
    return messages.OF_SYSTEM(parameter=name, code=value.code, system=value.system)


def _reference(name: Name, value: ReferenceValue, modifier: str | None) -> Text:
    if value.type is None:
        return messages.REFERS_TO_ID(parameter=name, id=value.target)
    reference = f"{value.type}/{value.target}" if value.type else value.target
    if value.version:
        reference += f"/_history/{value.version}" if value.type else f"|{value.version}"
    template = messages.REFERS_BELOW if modifier == "below" else messages.REFERS
    return template(parameter=name, reference=reference)


def _number(name: Name, value: NumberValue) -> Text:
    ranges = {"eq": messages.NUMBER_EQ, "ne": messages.NUMBER_NE, "ap": messages.NUMBER_AP}
    if value.prefix in ranges:
        return ranges[value.prefix](parameter=name, low=value.low, high=value.high)
    return messages.NUMBER_COMPARED(parameter=name, operator=_OPERATORS[value.prefix], value=value.value)


def _quantity(name: Name, value: QuantityValue) -> Text:
    number = _number(name, value.number)
    if value.code is None and not value.system:
        return messages.IN_ANY_UNIT(number=number)
    unit: Name = value.code or "?"
    if value.system:
        unit = messages.UNIT_OF_SYSTEM(code=value.code or "*", system=value.system)
    return messages.IN_UNIT(number=number, unit=unit)


def subject(parameter: str) -> Name:
    """The subject of an index: `code:text` is the text of code."""
    code, _, suffix = parameter.partition(":")
    template = _SUFFIXES.get(suffix)
    return template(parameter=code) if template else code


def index_of(clause: Clause, types: Sequence[str]) -> Text:
    """The indexes that serve a clause on resources of the types."""
    match clause:
        case Match(parameter, type):
            code = parameter.partition(":")[0]
            if code in OWN:
                return messages.OWN_INDEX(parameter=code)
            return _index(type, types, code)
        case Chain(parameter, targets, where):
            return _then(_index("reference", types, parameter), index_of(where, targets))
        case Has(type, parameter, where):
            return _then(_index("reference", (type,), parameter), index_of(where, (type,)))
        case Hierarchy(parameter, type, _, parent):
            return _then(_index("reference", types, parameter), _index("reference", (type,), parent))
        case AllOf(clauses) | AnyOf(clauses):
            by_sentence = {text.render(): text for text in (index_of(part, types) for part in clauses)}
            return _joined(messages.THEN, by_sentence.values())
        case Not(negated):
            return index_of(negated, types)


def _index(kind: str, types: Sequence[str], code: str) -> Text:
    names = ", ".join(f"{type}.{code}" for type in types[:VALUES_TOLD]) or code
    return messages.INDEX(kind=kind, parameters=names)


def _then(first: Text, second: Text) -> Text:
    return messages.THEN(first=first, second=second)


def _joined(template: Template, texts: Iterable[Text]) -> Text:
    """The texts joined pairwise, which keeps the nesting shallow; of many texts, only the first."""
    found = list(texts)
    if len(found) > VALUES_TOLD:
        found = [*found[:VALUES_TOLD], messages.MORE(count=len(found) - VALUES_TOLD)]
    while len(found) > 1:
        pairs = [
            template(first=one, second=other) for one, other in zip(found[::2], found[1::2], strict=False)
        ]
        found = pairs + found[len(pairs) * 2 :]
    return found[0]


def _either(types: Sequence[str]) -> str:
    told = types[:VALUES_TOLD]
    return "|".join(told) + ("|..." if len(types) > len(told) else "")
