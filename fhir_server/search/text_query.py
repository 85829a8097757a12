"""Queries for words: `(bone OR liver) and metastases`.

Words that stand side by side must all be there; AND, OR and NOT are operators in any case, NOT binds closest
and OR least. https://hl7.org/fhir/R4/search.html#text
"""

import re
from collections.abc import Callable

from fhir_server.issues import Template
from fhir_server.search import messages
from fhir_server.search.ast import AllOf, AnyOf, Clause, Not
from fhir_server.search.limits import CONDITIONS_MAX, NESTING_MAX, Budget, refused, too_costly
from fhir_server.search.types.word import words

WordClause = Callable[[str], Clause]
"""What asks for one normalised word."""

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))')
_SPACE = re.compile(r"\s*")


def clause(text: str, parameter: str, budget: Budget, of_word: WordClause) -> Clause:
    """The clause of a query. Raises `InvalidSearch` where it cannot be read or has no word."""
    return _Reader(text, parameter, budget, of_word).read()


class _Reader:
    """Reads a query from left to right."""

    def __init__(self, text: str, parameter: str, budget: Budget, of_word: WordClause) -> None:
        self._text = text
        self._parameter = parameter
        self._budget = budget
        self._of_word = of_word
        self._position = 0
        self._count = 0

    def read(self) -> Clause:
        found = self._alternatives(0)
        if _SPACE.match(self._text, self._position).end() < len(self._text):  # type: ignore[union-attr]
            raise self._unreadable()
        if found is None:
            raise refused(messages.NO_WORD(value=self._text, parameter=self._parameter), self._parameter)
        return found

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._position)

    def _take(self, *expected: str) -> bool:
        """Step over the next token where it is one of those expected, in any case."""
        token = self._peek()
        here = token is not None and (token["mark"] or token["word"] or "").upper() in expected
        if here and token is not None:
            self._position = token.end()
        return here

    def _alternatives(self, depth: int) -> Clause | None:
        parts = [self._together(depth)]
        while self._take("OR"):
            parts.append(self._together(depth))
        if None in parts and len(parts) > 1:
            raise self._unreadable()
        found = [part for part in parts if part is not None]
        return AnyOf(tuple(found)) if len(found) > 1 else (found[0] if found else None)

    def _together(self, depth: int) -> Clause | None:
        """What must all be there; an operator in front of nothing cannot be read."""
        found: list[Clause] = []
        while True:
            joined = self._take("AND")
            if joined and not found:
                raise self._unreadable()
            part = self._factor(depth)
            if part is None:
                if joined:
                    raise self._unreadable()
                break
            found += part
        return AllOf(tuple(found)) if len(found) > 1 else (found[0] if found else None)

    def _factor(self, depth: int) -> list[Clause] | None:
        """Words, none for a token that is only punctuation; None where a factor ends."""
        if depth > NESTING_MAX:
            raise too_costly(messages.FILTER_TOO_DEEP(limit=NESTING_MAX), self._parameter)
        if self._take("NOT"):
            denied = self._factor(depth + 1)
            if not denied:
                raise self._unreadable()
            return [Not(denied[0] if len(denied) == 1 else AllOf(tuple(denied)))]
        if self._take("("):
            inner = self._alternatives(depth + 1)
            if inner is None or not self._take(")"):
                raise self._unreadable()
            return [inner]
        token = self._peek()
        if token is None or token["mark"] or (token["word"] or "").upper() == "OR":
            return None
        self._position = token.end()
        if token["quoted"] is not None:
            return self._words(token["quoted"], messages.NO_PHRASES)
        return self._words(token["word"])

    def _words(self, text: str, several: Template | None = None) -> list[Clause]:
        found = sorted(words(text))
        self._count += len(found)
        self._budget.take_terms(len(found), self._parameter)
        if self._count > CONDITIONS_MAX:
            raise too_costly(messages.FILTER_TOO_LONG(limit=CONDITIONS_MAX), self._parameter)
        if several and len(text.split()) > 1:
            raise refused(several(value=text, parameter=self._parameter), self._parameter, "not-supported")
        return [self._of_word(word) for word in found]

    def _unreadable(self) -> Exception:
        text = messages.BAD_TEXT_QUERY(value=self._text, parameter=self._parameter, place=self._position + 1)
        return refused(text, self._parameter)
