"""Parameters of every resource without an expression: _list, _text, _content, _filter, _query.

https://hl7.org/fhir/R4/search.html#all
"""

from collections.abc import Mapping
from typing import NoReturn

from fhir_server.core.reference import parse_reference
from fhir_server.search import filters, messages, text_query
from fhir_server.search.ast import AnyOf, Clause, Has, Match, TokenValue, WordValue
from fhir_server.search.clauses import ClauseParser, Criterion, Special, alternatives
from fhir_server.search.escapes import unescape
from fhir_server.search.limits import refused
from fhir_server.search.modifiers import any_of
from fhir_server.search.parameters import Parameters
from fhir_server.search.types.word import CONTENT, NARRATIVE


def _list(parser: ClauseParser, _parameters: Parameters, criterion: Criterion) -> Clause:
    """Resources that are items of a List. https://hl7.org/fhir/R4/search.html#list"""
    texts = alternatives(criterion)
    parser.budget.take_terms(len(texts), criterion.whole)
    ids = tuple(TokenValue(None, list_id(unescape(text), criterion.whole)) for text in texts)
    return Has("List", "item", Match("_id", "token", ids))


def list_id(text: str, whole: str) -> str:
    """The id of the List that a value of `_list` names. Raises `InvalidSearch`."""
    if text.startswith("$"):
        raise refused(messages.NO_CURRENT_LISTS(value=text), whole, "not-supported")
    reference = parse_reference(text if "/" in text else f"List/{text}")
    if reference.kind != "local" or reference.type != "List":
        raise refused(messages.BAD_LIST(value=text, parameter=whole), whole)
    return reference.id


def _text(parser: ClauseParser, _parameters: Parameters, criterion: Criterion) -> Clause:
    """Words of the narrative. https://hl7.org/fhir/R4/search.html#text"""
    return _with_words(parser, criterion, _in_narrative)


def _content(parser: ClauseParser, _parameters: Parameters, criterion: Criterion) -> Clause:
    """Words of the whole resource, narrative included."""
    return _with_words(parser, criterion, _anywhere)


def _with_words(parser: ClauseParser, criterion: Criterion, of_word: text_query.WordClause) -> Clause:
    return any_of(
        [
            text_query.clause(unescape(text), criterion.whole, parser.budget, of_word)
            for text in alternatives(criterion)
        ]
    )


def _in_narrative(word: str) -> Clause:
    return Match(NARRATIVE, "word", (WordValue(word),))


def _anywhere(word: str) -> Clause:
    return AnyOf((_in_narrative(word), Match(CONTENT, "word", (WordValue(word),))))


def _query(_clauses: ClauseParser, _parameters: Parameters, criterion: Criterion) -> NoReturn:
    """Refuse a named query within a chain or filter: it replaces a whole search (`search.named_queries`)."""
    raise refused(messages.QUERY_WITHIN(parameter=criterion.whole), criterion.whole, "not-supported")


SPECIALS: Mapping[str, Special] = {
    "_content": _content,
    "_filter": filters.clause,
    "_list": _list,
    "_query": _query,
    "_text": _text,
}
