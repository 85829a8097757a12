"""Checks of a criterion against its SearchParameter: modifiers, prefixes, chains, several values.

https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.multipleOr
"""

import re
from collections.abc import Sequence

from fhir_server.definitions.search_parameters import SearchParameter
from fhir_server.search import messages
from fhir_server.search.escapes import unescape
from fhir_server.search.limits import refused
from fhir_server.search.types.prefixes import ORDERED, split_prefix

_R4_URL = "http://hl7.org/fhir/SearchParameter/"
"""R4's composites have multipleOr=false, although R4's page on search allows several values."""

_NAMES = {"type": "[type]", "ofType": "of-type"}
"""Modifiers by their code in SearchParameter.modifier, where a query spells them differently."""


def check_values(parameter: SearchParameter, texts: Sequence[str], whole: str) -> None:
    """Raise `InvalidSearch` for several values where the definition has multipleOr=false."""
    if len(texts) > 1 and not parameter.multiple_or and not parameter.url.startswith(_R4_URL):
        raise refused(messages.ONE_VALUE_ALONE(parameter=whole, count=len(texts)), whole)


def check_prefixes(parameter: SearchParameter, texts: Sequence[str], whole: str) -> None:
    """Raise `InvalidSearch` for a prefix that is not among the definition's comparators, if it has any."""
    if not parameter.comparators or parameter.type not in ORDERED:
        return
    for text in texts:
        prefix, _ = split_prefix(unescape(text))
        if prefix not in parameter.comparators:
            valid = ", ".join(parameter.comparators)
            raise refused(messages.PREFIX_NOT_ALLOWED(prefix=prefix, parameter=whole, valid=valid), whole)


def check_modifier(parameter: SearchParameter, modifier: str, whole: str) -> None:
    """Raise `InvalidSearch` for a modifier that is not among the definition's modifiers, if it has any."""
    valid = [_NAMES.get(name, name) for name in parameter.modifiers]
    if not modifier or not valid:
        return
    asked = "[type]" if modifier[0].isupper() else modifier
    if asked not in valid:
        names = ", ".join(f":{name}" for name in valid)
        text = messages.UNKNOWN_MODIFIER(
            modifier=modifier, kind=parameter.type, parameter=parameter.code, valid=names
        )
        raise refused(text, whole)


def check_chain(parameter: SearchParameter, rest: str, whole: str) -> None:
    """Raise `InvalidSearch` for a chain to a parameter that is not among the definition's, if it has any."""
    code = re.split(r"[.:]", rest, maxsplit=1)[0]
    if parameter.chains and code not in parameter.chains:
        valid = ", ".join(parameter.chains)
        raise refused(messages.CHAIN_NOT_ALLOWED(code=code, parameter=parameter.code, valid=valid), whole)


class Repetition:
    """Counts the parameters of a search with multipleAnd=false."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def check(self, parameter: SearchParameter, path: str, place: int, whole: str) -> None:
        """Raise `InvalidSearch` if the parameter at the end of a `path` of chains is given twice.

        `place` is the position in the query: alternatives of one untyped chain have the same.
        """
        if not parameter.multiple_and and self._places.setdefault(path, place) != place:
            raise refused(messages.ONCE_ALONE(parameter=path), whole)
