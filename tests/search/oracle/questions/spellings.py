"""Values as they are written in queries, near an element or not.

https://hl7.org/fhir/R4/search.html#ptypes
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from fhir_server.definitions.search_parameters import SearchParameter
from tests.search.oracle import numbers, texts, tokens
from tests.search.oracle.elements import Element
from tests.search.oracle.questions import universes
from tests.search.oracle.questions.parameters import targets
from tests.search.oracle.ranges import PREFIXES
from tests.search.oracle.search import PARTS, Definitions, Oracle
from tests.search.oracle.tokens import Token

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

COMPARISONS = ("", "", *PREFIXES)
TIMES = (
    *universes.DAYS, *universes.MOMENTS, "2013-01-14T10:00", "2013-01-14T10:00:00", "2013-10-27T02:30",
    "2013-03-31T02:30", "2013-01-14T10:00:00.5Z", "2014", "0001", "9999", "2026-11-21T12:00:00Z",
)  # fmt: skip
NUMBERS = (*universes.NUMBERS, "5", "5.400", "1.0e2", "-5", "99.50", "+5.4", "10e1", "1E2")
TOKENS = [Token(system, code) for system in (None, *universes.SYSTEMS) for code in universes.CODES]
REFERENCES = [f"{type}/{id}" for type in ("Patient", "Encounter", "Group") for id in universes.IDS]

_INDEXES = [st.integers(0, last) for last in range(300)]
"""Made once, as strategies are dear to make."""


def one(draw: Draw, values: Sequence[T]) -> T:
    """One of the values; the first is the simplest."""
    return values[draw(_INDEXES[len(values) - 1])]


def escaped(text: str) -> str:
    return re.sub(r"([,|$\\])", r"\\\1", text)


class Spellings:
    """Draws values for parameters."""

    def __init__(self, draw: Draw, oracle: Oracle, definitions: Definitions) -> None:
        self._draw = draw
        self._oracle = oracle
        self._definitions = definitions

    def value(self, type: str, parameter: SearchParameter, modifier: str, found: Sequence[Element]) -> str:
        """A value near one of the elements that were found, or any other."""
        element = one(self._draw, [*found, *found, *found, None]) if found else None
        match parameter.type:
            case "string":
                return self._string(element)
            case "token":
                return self._token(modifier, element)
            case "reference":
                wholes = [part for part in PARTS if part in targets(parameter, type)]
                return self._reference(modifier, element, wholes)
            case "date":
                return one(self._draw, COMPARISONS) + self._time(element)
            case "number":
                return one(self._draw, COMPARISONS) + self._number(element)
            case "quantity":
                return self._quantity(element)
            case "uri":
                return self._uri(modifier, element)
            case "composite":
                return self._composite(type, parameter, element)
        raise ValueError(parameter.type)

    def _string(self, element: Element | None) -> str:
        known = texts.parts(element.data, element.type) if element else []
        text = one(self._draw, known or universes.NAMES)
        start = one(self._draw, (0, 0, 0, 2, 8))
        text = text[start : one(self._draw, (None, None, start + 3, start + 4))] or "eve"
        return escaped(one(self._draw, _CHANGES)(text))

    def _token(self, modifier: str, element: Element | None) -> str:
        if modifier in ("in", "not-in"):
            return one(self._draw, tuple(tokens.VALUE_SETS))
        if modifier in ("above", "below"):
            return f"{tokens.CLINICAL}|{one(self._draw, ('active', 'relapse', 'resolved', 'other'))}"
        if modifier == "text":
            return self._string(Element(self._text(element), "string", "", None))
        known = list(tokens.tokens(element.data, element.type, element.path)) if element else []
        token = one(self._draw, known or TOKENS)
        code = escaped(one(self._draw, (*[token.code] * 6, "a", str(token.code).swapcase())) or "a")
        system = escaped(one(self._draw, (*[token.system] * 6, universes.SYSTEMS[0])) or "")
        if modifier == "of-type":
            return self._of_type(element, code)
        if element and element.type in ("boolean", "string", "uri", "ContactPoint", "id"):
            return code
        return one(
            self._draw, (code, f"{system}|{code}", f"{system}|{code}", f"|{code}", f"{system or 'x'}|")
        )

    def _text(self, element: Element | None) -> str:
        """A text beside a code."""
        data = element.data if element and isinstance(element.data, dict) else {}
        data = data.get("type", data)
        displays = [coding.get("display") for coding in data.get("coding", [data])]
        known = [str(text) for text in (data.get("text"), *displays) if text]
        return one(self._draw, known or universes.NAMES)

    def _of_type(self, element: Element | None, code: str) -> str:
        type = element.data.get("type", {}) if element and element.type == "Identifier" else {}
        known = list(tokens.tokens(type, "CodeableConcept", ""))
        token = one(self._draw, known or TOKENS)
        return f"{escaped(token.system or 'x')}|{escaped(token.code or 'x')}|{code}"

    def _reference(self, modifier: str, element: Element | None, wholes: Sequence[str]) -> str:
        """`wholes` are the types of which one resource may be part of another."""
        data = element.data if element else {}
        if modifier == "below" and not wholes:
            data = data or universes.URLS[0]
        if modifier == "identifier":
            identifier = data.get("identifier") if isinstance(data, dict) else None
            return self._token("", Element(identifier, "Identifier", "", None) if identifier else None)
        if isinstance(data, str):
            url = data.partition("|")[0]
            return escaped(one(self._draw, (data, url, f"{url}|1"))).replace("\\|", "|")
        text = data.get("reference", "#")
        text = one(self._draw, REFERENCES) if text.startswith("#") else text
        local = re.sub(r"^.*?(\w+/\w+)(/_history/\d+)?$", r"\1", text)
        id = local.partition("/")[2]
        if modifier in ("above", "below"):
            return f"{one(self._draw, wholes)}/{id}"
        if modifier:
            return id
        return one(self._draw, (text, local, id, f"{universes.BASE_URL}/{local}", f"{local}/_history/2"))

    def _uri(self, modifier: str, element: Element | None) -> str:
        urls = [url for url in universes.URLS if url.startswith("http:")]
        if modifier in ("above", "below"):
            return escaped(one(self._draw, (*urls, "http://example.org", "http://example.org/a/b/c")))
        return escaped(str(element.data) if element else one(self._draw, universes.URLS))

    def _time(self, element: Element | None) -> str:
        """A time of the element, perhaps more or less precise, or any."""
        known: list[str] = re.findall(r"\d{4}-?[\d:T.+Z-]*", repr(element.data)) if element else []
        text = one(self._draw, [*known, one(self._draw, TIMES)])
        finer = re.sub(r"(:\d\d)(Z|[+-]\d\d:\d\d)$", r"\1.000\2", text)
        return one(self._draw, (text, text, text[:4], text[:7], text[:10], finer))

    def _number(self, element: Element | None) -> str:
        known: list[str] = re.findall(r"Decimal\('([^']*)'\)", repr(element.data)) if element else []
        return one(self._draw, [*known, one(self._draw, NUMBERS)])

    def _quantity(self, element: Element | None) -> str:
        number = one(self._draw, COMPARISONS) + self._number(element)
        other = one(self._draw, universes.UNITS)
        unit: Mapping[str, Any] = one(self._draw, (element.data, element.data, other)) if element else other
        unit = unit.get("low") or unit.get("high") or unit
        if "currency" in unit:
            unit = {"system": numbers.CURRENCIES, "code": unit["currency"]}
        system, code, name = (unit.get(name, "") for name in ("system", "code", "unit"))
        stated = (f"|{system}|{code}", f"|{system}|{code}", f"||{code}", f"||{name}", "||mg", "")
        return number + one(self._draw, stated)

    def _composite(self, type: str, parameter: SearchParameter, part: Element | None) -> str:
        by_url = {p.url: p for p in self._definitions(type).values()}
        found = self._oracle.components(parameter, part) if part else [[] for _ in parameter.components]
        values = [
            self.value(type, by_url[component.definition], "", elements)
            for component, elements in zip(parameter.components, found, strict=True)
        ]
        return "$".join(values)


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _with_punctuation(text: str) -> str:
    return re.sub(r"[ -]+", " - ", text)


_CHANGES: tuple[Callable[[str], str], ...] = (
    str,
    str,
    str.upper,
    str.lower,
    _without_accents,
    _with_punctuation,
)
"""What may be done to a string that it is still found by, mostly."""
