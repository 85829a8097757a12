"""The token parameter: a code or identifier, with or without its system.

https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import OfTypeValue, TokenSet, TokenValue
from fhir_server.search.entries import Entries, StringEntry, TokenEntry
from fhir_server.search.escapes import bar_parts
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target
from fhir_server.search.types.string import COMPARED

TEXT, OF_TYPE, FOLDED = ":text", ":of-type", ":folded"
"""Suffixes of derived entries: for the modifiers of those names, and for case-insensitive codes."""

_TEXTS = frozenset({"string", "markdown"})
_BARE = frozenset({"id", "uri", "url", "oid", "uuid", "canonical"})


def parse(text: str, context: ParseContext) -> TokenValue:
    """`code`, `system|code`, `|code` or `system|`."""
    parts = bar_parts(text)
    if len(parts) == 1 and parts[0]:
        return TokenValue(None, parts[0])
    if len(parts) == 2 and parts[1]:
        return TokenValue(parts[0], parts[1])
    if len(parts) == 2 and parts[0]:
        return TokenValue(parts[0], None)
    raise InvalidSearch.of(messages.BAD_TOKEN(value=text, parameter=context.parameter))


def parse_of_type(text: str, context: ParseContext) -> OfTypeValue:
    """`system|code|value` of an Identifier."""
    parts = bar_parts(text)
    if len(parts) != 3 or not all(parts):
        raise InvalidSearch.of(messages.BAD_OF_TYPE(value=text, parameter=context.parameter))
    return OfTypeValue(*parts)


def fold(code: str) -> str:
    """The case-folded code, for case-insensitive comparison."""
    return code.casefold()


def has_case(code: str) -> bool:
    """Whether the code has letters with an upper and a lower case."""
    return code.upper() != code.lower()


def matches(entry: TokenEntry, value: TokenValue | TokenSet | OfTypeValue, modifier: str | None) -> bool:
    """Whether system and code are equal, as far as the value has them; with `below`, the code starts with the
    value's.
    """
    if modifier == "ne":
        return not matches(entry, value, None)
    if isinstance(value, OfTypeValue):
        return (entry.system, entry.code) == (f"{value.system}|{value.code}", value.value)
    if isinstance(value, TokenSet):
        return entry.system == value.system and entry.code in value.codes
    if value.system is not None and value.system != entry.system:
        return False
    if modifier == "below":
        return entry.code.startswith(value.code or "")
    return value.code is None or value.code == entry.code


def indexer(target: Target, indexing: Indexing) -> Indexer | None:
    """System and code of coded elements; identifiers also by type; displays and texts for :text.

    Strings, and codes of case-insensitive systems, also have a case-folded entry.
    """
    parameter = target.parameter
    if target.type == "code":
        return _bare(parameter, target.system)
    if target.type in _TEXTS:
        return _string(parameter)
    if target.type in _BARE:
        return _bare(parameter, "")
    if target.type in ("Coding", "CodeableConcept"):
        coding = _coding(parameter, indexing.ignores_case)
        return coding if target.type == "Coding" else _codeable_concept(parameter, coding)
    make = _INDEXERS.get(target.type)
    return make(parameter) if make else None


def _bare(parameter: str, system: str) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.tokens.append(TokenEntry(parameter, system, value))

    return index


def _boolean(parameter: str) -> Indexer:
    def index(value: bool, entries: Entries) -> None:
        entries.tokens.append(TokenEntry(parameter, "", "true" if value else "false"))

    return index


def _contact_point(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        entries.tokens.append(TokenEntry(parameter, "", value.get("value") or ""))

    return index


def _string(parameter: str) -> Indexer:
    derived = parameter + FOLDED

    def index(value: str, entries: Entries) -> None:
        entries.tokens.append(TokenEntry(parameter, "", value))
        entries.tokens.append(TokenEntry(derived, "", fold(value)))

    return index


def _coding(parameter: str, ignores_case: Callable[[str], bool]) -> Indexer:
    text_parameter, derived = parameter + TEXT, parameter + FOLDED

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        system, code = value.get("system") or "", value.get("code") or ""
        entries.tokens.append(TokenEntry(parameter, system, code))
        if parameter and system and ignores_case(system) and has_case(code):
            entries.tokens.append(TokenEntry(derived, system, fold(code)))
        display = value.get("display")
        if display and parameter:
            plain, exact = COMPARED[display]
            entries.strings.append(StringEntry(text_parameter, plain, exact))

    return index


def _codeable_concept(parameter: str, coding: Indexer) -> Indexer:
    """Index a concept. One of text alone has an entry with an empty code, so as not to count as missing."""
    text_parameter = parameter + TEXT

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        codings = value.get("coding")
        if codings:
            for item in codings:
                coding(item, entries)
        else:
            entries.tokens.append(TokenEntry(parameter, "", ""))
        text = value.get("text")
        if text and parameter:
            plain, exact = COMPARED[text]
            entries.strings.append(StringEntry(text_parameter, plain, exact))

    return index


def _identifier(parameter: str) -> Indexer:
    text_parameter, of_type = parameter + TEXT, parameter + OF_TYPE

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        code = value.get("value") or ""
        entries.tokens.append(TokenEntry(parameter, value.get("system") or "", code))
        kind = value.get("type")
        if kind:
            for coding in kind.get("coding", ()):
                system = f"{coding.get('system', '')}|{coding.get('code', '')}"
                entries.tokens.append(TokenEntry(of_type, system, code))
            text = kind.get("text")
            if text and parameter:
                plain, exact = COMPARED[text]
                entries.strings.append(StringEntry(text_parameter, plain, exact))

    return index


_INDEXERS: Mapping[str, Callable[[str], Indexer]] = {
    "boolean": _boolean,
    "ContactPoint": _contact_point,
    "Identifier": _identifier,
}
