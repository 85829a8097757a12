"""Parameters with rules of their own: `near` of Location, and `_filter`. None is supported yet.

https://hl7.org/fhir/R4/search.html#special
"""

from typing import NoReturn

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target


def parse(_text: str, reading: Reading) -> NoReturn:
    raise InvalidSearch.of(messages.NOT_YET(parameter=reading.parameter), code="not-supported")


def indexer(_target: Target, _indexing: Indexing) -> Indexer | None:
    """Nothing is indexed for them."""
    return None


def matches(_entry: object, _value: object, _modifier: str | None) -> bool:
    """Nothing is indexed, so nothing matches."""
    return False
