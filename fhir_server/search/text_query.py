"""Parser of text queries such as `(bone OR liver) and metastases`.

Adjacent words are joined by AND. The operators AND, OR and NOT are case-insensitive; NOT binds closest, OR
least. https://hl7.org/fhir/R4/search.html#text
"""

import re
from collections.abc import Callable

from fhir_server.issues import Template
from fhir_server.search import messages
from fhir_server.search.ast import AllOf, AnyOf, Clause, Not
from fhir_server.search.limits import CONDITIONS_MAX, NESTING_MAX, Budget, refused, too_costly
from fhir_server.search.types.word import words

WordClause = Callable[[str], Clause]
"""Makes the clause of one normalised word."""

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))')
_SPACE = re.compile(r"\s*")


def clause(text: str, parameter: str, budget: Budget, of_word: WordClause) -> Clause:
    """The clause of a query. Raises `InvalidSearch` for a syntax error, and for a query without words."""
    return _Parser(text, parameter, budget, of_word).read()


class _Parser:
    """A recursive descent parser of one query."""

    def __init__(self, text: str, parameter: str, budget: Budget, of_word: WordClause) -> None:
        self._text = text
        self._parameter = parameter
        self._budget = budget
        self._of_word = of_word
        self._position = 0
        self._count = 0

    def read(self) -> Clause:
        found = self._disjunction(0)
        if _SPACE.match(self._text, self._position).end() < len(self._text):  # type: ignore[union-attr]
            raise self._syntax_error()
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

    def _disjunction(self, depth: int) -> Clause | None:
        parts = [self._conjunction(depth)]
        while self._take("OR"):
            parts.append(self._conjunction(depth))
        if None in parts and len(parts) > 1:
            raise self._syntax_error()
        found = [part for part in parts if part is not None]
        return AnyOf(tuple(found)) if len(found) > 1 else (found[0] if found else None)

    def _conjunction(self, depth: int) -> Clause | None:
        """Factors joined by AND; None for nothing. An operator without an operand is a syntax error."""
        found: list[Clause] = []
        while True:
            joined = self._take("AND")
            if joined and not found:
                raise self._syntax_error()
            part = self._factor(depth)
            if part is None:
                if joined:
                    raise self._syntax_error()
                break
            found += part
        return AllOf(tuple(found)) if len(found) > 1 else (found[0] if found else None)

    def _factor(self, depth: int) -> list[Clause] | None:
        """The clauses of one operand, none for a token of punctuation alone; None if there is no operand."""
        if depth > NESTING_MAX:
            raise too_costly(messages.FILTER_TOO_DEEP(limit=NESTING_MAX), self._parameter)
        if self._take("NOT"):
            denied = self._factor(depth + 1)
            if not denied:
                raise self._syntax_error()
            return [Not(denied[0] if len(denied) == 1 else AllOf(tuple(denied)))]
        if self._take("("):
            inner = self._disjunction(depth + 1)
            if inner is None or not self._take(")"):
                raise self._syntax_error()
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

    def _syntax_error(self) -> Exception:
        text = messages.BAD_TEXT_QUERY(value=self._text, parameter=self._parameter, place=self._position + 1)
        return refused(text, self._parameter)
