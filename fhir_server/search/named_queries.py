"""`_query`: a search that a definition gives a name, with values that the client gives.

https://hl7.org/fhir/R4/search.html#query
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from fhir_server.definitions.named_queries import PLACEHOLDER, NamedQuery
from fhir_server.definitions.registry import Registry
from fhir_server.search import messages
from fhir_server.search.escapes import is_empty
from fhir_server.search.limits import refused
from fhir_server.search.parameters import nearest

QUERY_PARAMETER = "_query"

Pairs = Sequence[tuple[str, str]]


class BoundQuery:
    """A named query as a client asks it; `own` are its parameters among those given.

    Raises `InvalidSearch` where one is missing or given too often. R4 has those without a value ignored.
    """

    def __init__(self, query: NamedQuery, given: Pairs) -> None:
        self._query = query
        declared = {parameter.name for parameter in query.parameters}
        self.own = tuple(pair for pair in given if pair[0] in declared and not is_empty(pair[1]))
        self._values: dict[str, list[str]] = {}
        for name, value in self.own:
            self._values.setdefault(name, []).append(value)
        self._check()

    def _check(self) -> None:
        code = self._query.code
        for parameter in self._query.parameters:
            values = self._values.get(parameter.name, ())
            if parameter.required and not values:
                raise refused(messages.QUERY_NEEDS(query=code, parameter=parameter.name), parameter.name)
            if len(values) > 1 and not parameter.repeats:
                text = messages.GIVEN_TWICE(parameter=parameter.name, count=len(values))
                raise refused(text, parameter.name)

    def criteria(self) -> Iterator[tuple[str, str]]:
        """The search that it stands for, without criteria on what the client did not give."""
        for name, template in self._query.criteria:
            places = tuple(dict.fromkeys(PLACEHOLDER.findall(template)))
            for values in product(*(self._values.get(place, ()) for place in places)):
                yield name, _filled(template, dict(zip(places, values, strict=True)))


def bind_named_query(types: Sequence[str], given: Pairs, registry: Registry) -> BoundQuery | None:
    """The named query that the parameters of a search on `types` ask for; None where they ask for none.

    R4 has servers refuse a name that they do not know, whatever the handling. Raises `InvalidSearch`.
    """
    code = next((value for name, value in given if name == QUERY_PARAMETER and not is_empty(value)), None)
    if code is None:
        return None
    known = {query.code: query for query in registry.named_queries if query.is_for(types)}
    if code not in known:
        valid = ", ".join(sorted(known)) or "-"
        text = messages.UNKNOWN_QUERY(value=code, nearest=nearest(code, known), valid=valid)
        raise refused(text, QUERY_PARAMETER, "not-supported")
    return BoundQuery(known[code], given)


def _filled(template: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda place: values[place[1]], template)
