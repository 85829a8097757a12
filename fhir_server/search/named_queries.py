"""`_query`: named queries, bound to the values that the client gives.

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
    """A named query with the client's values; `own` are its parameters among those `given`.

    Raises `InvalidSearch` for a parameter that is missing or repeated. Empty ones are ignored, as in R4.
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
        """The parameters of the search that it stands for, without those whose values are not given."""
        for name, template in self._query.criteria:
            places = tuple(dict.fromkeys(PLACEHOLDER.findall(template)))
            for values in product(*(self._values.get(place, ()) for place in places)):
                yield name, _filled(template, dict(zip(places, values, strict=True)))


def bind_named_query(types: Sequence[str], given: Pairs, registry: Registry) -> BoundQuery | None:
    """The named query that a search on `types` asks for; None if it asks for none.

    Raises `InvalidSearch` for an unknown name, as R4 requires even under handling=lenient.
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
