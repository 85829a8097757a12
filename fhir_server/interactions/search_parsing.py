"""Parsing of searches with the engine's definitions, time zone, clock and limits.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Sequence

from fhir_server.extension import Engine
from fhir_server.search.parse import ParsedSearch, parse


def parse_search(
    engine: Engine,
    types: Sequence[str],
    parameters: Sequence[tuple[str, str]],
    base_url: str,
    *,
    lenient: bool = False,
    holders: bool = False,
) -> ParsedSearch:
    """The parameters of a search on `types`, or on all types where there are none, as `search.parse` reads
    them. Raises `InvalidSearch`.
    """
    return parse(
        types,
        parameters,
        registry=engine.registry,
        zone=engine.zone,
        now=engine.now(),
        lenient=lenient,
        base_url=base_url,
        addresses=engine.extractor.indexing.base_urls,
        count_default=engine.limits.page_default,
        count_max=engine.limits.page_max,
        total_max=engine.limits.total_max,
        holders=holders,
    )
