"""$lastn: the most recent Observations of each kind.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import structs

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.all_matches import all_matches
from fhir_server.interactions.includes import included
from fhir_server.interactions.search_parsing import parse_search
from fhir_server.interactions.searchset import searchset
from fhir_server.issues import Issue
from fhir_server.operations import messages
from fhir_server.operations.parameters import all_parameters, single_values
from fhir_server.search.ast import SearchQuery, Sort
from fhir_server.search.index_coverage import check_coverage
from fhir_server.search.parse import ParsedSearch
from fhir_server.store.port import Reader, SearchResult, StoredResource

MAX = "max"
SUBJECT = ("patient", "subject")
DECIDED_HERE = ("_sort", "_count", "_total")
"""Search parameters that this operation sets itself."""
TIME_AND_SUBJECT = frozenset({"date", "subject"})
"""The search parameters on the time and the subject of an Observation."""
MOST_RECENT_FIRST = (Sort("date", "date", descending=True),)


def lastn(request: FhirRequest, engine: Engine) -> FhirResponse:
    """Observation/$lastn?patient=...&category=...&max=N: any search parameters; the last N (default 1)
    Observations of each code of each subject, and those with the same time as the last of them. By POST, the
    parameters may be in Parameters.

    Observations that share a coding are of one kind; those without a coding are grouped by their text.
    """
    return engine.store.in_snapshot(partial(_read, request, engine))


def _read(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """The answer from one state of the store, though the matches are read page by page."""
    found = all_parameters(request)
    most = _max_of_each_kind(single_values([pair for pair in found if pair[0] == MAX]).get(MAX) or "1")
    parsed = _understood(request, engine, [pair for pair in found if pair[0] != MAX])
    check_coverage(parsed.query, engine.pending, engine.registry)
    matches = tuple(_most_recent(engine, reader, structs.replace(parsed.query, sort=MOST_RECENT_FIRST), most))
    shown = matches if parsed.summary != "count" else ()
    going, capped = included(parsed.query.includes, shown, engine, reader)
    parsed = structs.replace(parsed, self_parameters=(*parsed.self_parameters, (MAX, str(most))))
    result = SearchResult(shown, len(matches), 0, None)
    return searchset(request, engine, parsed, result, going, capped)


def _understood(request: FhirRequest, engine: Engine, parameters: list[tuple[str, str]]) -> ParsedSearch:
    """The parsed search without parameters that would sort or page the answer."""
    if not any(name.partition(":")[0].partition(".")[0] in SUBJECT for name, _ in parameters):
        raise InvalidRequest.of(messages.SUBJECT_NEEDED(names=" or ".join(SUBJECT)))
    left_out = [_left_out(name) for name, _ in parameters if name in DECIDED_HERE]
    asked = [pair for pair in parameters if pair[0] not in DECIDED_HERE]
    lenient = request.preferences.lenient
    parsed = parse_search(engine, ("Observation",), asked, request.base_url, lenient=lenient)
    return structs.replace(parsed, ignored=(*parsed.ignored, *left_out))


def _left_out(name: str) -> Issue:
    return Issue("information", "informational", messages.ORDERED_BY_ITSELF(name=name), (f"http.{name}",))


def _max_of_each_kind(value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or not int(value[:9]) > 0 or len(value) > 9:
        raise InvalidRequest.of(messages.BAD_MAX(value=value), f"http.{MAX}")
    return int(value)


def _most_recent(engine: Engine, reader: Reader, query: SearchQuery, most: int) -> Iterator[StoredResource]:
    """The first `most` matches of each kind, most recent first; more where times are equal."""
    kind_of_coding: dict[Any, int] = {}
    counts: dict[int, int] = defaultdict(int)
    last: dict[int, Any] = {}
    asked = structs.replace(query, count=engine.limits.page_max, total="none", includes=())
    for stored in all_matches(reader, asked):
        resource = json.parse_own(stored.body)
        entries = engine.extractor.entries_of(resource, TIME_AND_SUBJECT)
        subject = tuple((reference.type, reference.target) for reference in entries.references)
        names = [(subject, name) for name in _names(resource.get("code", {}))]
        known = (kind_of_coding[name] for name in names if name in kind_of_coding)
        kind = next(known, len(kind_of_coding))
        kind_of_coding.update((name, kind) for name in names)
        counts[kind] += 1
        time = entries.dates
        if counts[kind] <= most:
            last[kind] = time
            yield stored
        elif time and time == last[kind]:
            yield stored


def _names(code: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys of an Observation's kind: its codings, otherwise its text."""
    codings = [coding for coding in code.get("coding", ()) if "code" in coding]
    for coding in codings:
        yield coding.get("system", ""), coding["code"]
    if not codings:
        yield "text", code.get("text", "")


LASTN = Operation(
    code="lastn",
    definition="http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    levels=frozenset({"type"}),
    handle=lastn,
    types=frozenset({"Observation"}),
)
