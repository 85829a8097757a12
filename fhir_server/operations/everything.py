"""$everything: all resources about one patient, every patient, or one encounter, page by page.

It returns the compartment, and the resources outside it to which it refers, such as practitioners and
organisations, but never a resource of another patient. `_type` filters what is returned.
https://hl7.org/fhir/R4/patient-operation-everything.html
https://hl7.org/fhir/R4/encounter-operation-everything.html
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from msgspec import structs

from fhir_server.core import json
from fhir_server.core.reference import parse_reference
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.core.temporal import period_of
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.interactions.bundle_links import PAGE_PARAMETER, page_size
from fhir_server.interactions.read import living
from fhir_server.interactions.search_scope import compartment_types, in_compartment
from fhir_server.interactions.searchset import FurtherPage, further_page, searchset
from fhir_server.operations import messages
from fhir_server.operations.parameters import checked_parameters, single_values
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Clause,
    DateValue,
    Match,
    MissingValue,
    Prefix,
    SearchQuery,
)
from fhir_server.search.index_coverage import check_coverage
from fhir_server.search.index_plan import COMPARTMENT
from fhir_server.search.parameters import resource_type
from fhir_server.search.parse import ParsedSearch
from fhir_server.store.port import Reader, StoredResource

PARAMETERS = ("start", "end", "_since", "_type", "_count", PAGE_PARAMETER)
CARE_DATES = (
    "authored",
    "authored-on",
    "authoredon",
    "collected",
    "created",
    "date",
    "datetime",
    "datewritten",
    "effective",
    "effective-time",
    "identified",
    "occurrence",
    "onset-date",
    "recorded-date",
    "sent",
    "start-date",
    "started",
    "whenhandedover",
    "whenprepared",
)
"""The search parameters on the date of care, each for the types that have it."""
PATIENT = "Patient"
BINARY = "Binary/"
"""The part of an attachment's URL that makes it a reference to a resource."""


def everything(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST [type]/[id]/$everything, Patient/$everything: a searchset, oldest first. Raises `NotFound`
    for an unknown id, `Gone` for a deletion.
    """
    return engine.store.in_snapshot(partial(_read, request, engine))


def _read(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """The page that `reader` finds, in one state of the store: a transaction is never seen in part."""
    type, id = _subject(request)
    if id is not None:
        living(reader.read(type, id), f"{type}/{id}")
    parameters = checked_parameters(request, PARAMETERS)
    token = dict(parameters).get(PAGE_PARAMETER)
    further = further_page(token, request, engine) if token is not None else None
    if further:
        parameters = further.parameters
    wanted = _wanted(engine, parameters)
    query = _query(engine, type, id, wanted, single_values(parameters, but=("_type",)), further)
    check_coverage(query, engine.pending, engine.registry)
    result = reader.search(query)
    if further:
        result = structs.replace(result, total=further.total)
    limit = engine.limits.include_max
    related = tuple(islice(_related(request, engine, reader, wanted, result.matches), limit + 1))
    if wanted:
        total = result.total if query.types == wanted else None
        result = structs.replace(result, matches=_of_types(wanted, result.matches), total=total)
    parsed = ParsedSearch(query, self_parameters=parameters)
    return searchset(request, engine, parsed, result, related[:limit], len(related) > limit, further)


def _subject(request: FhirRequest) -> tuple[str, str | None]:
    """The type and the id in the path; no id for every resource of the type."""
    return request.path[0], request.path[1] if len(request.path) > 2 else None


def _wanted(engine: Engine, parameters: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The types to return from all `_type` parameters; empty for all types."""
    given = ",".join(value for name, value in parameters if name == "_type").split(",")
    named = dict.fromkeys(name.strip() for name in given if name.strip())
    return tuple(resource_type(engine.registry, name, "_type") for name in named)


def _of_types(wanted: tuple[str, ...], resources: tuple[StoredResource, ...]) -> tuple[StoredResource, ...]:
    return tuple(stored for stored in resources if stored.type in wanted)


def _query(
    engine: Engine,
    type: str,
    id: str | None,
    wanted: tuple[str, ...],
    given: dict[str, str],
    further: FurtherPage | None,
) -> SearchQuery:
    """The search of the compartment, or of all compartments of the type.

    It covers all types of the compartment if a wanted type may only be reached by a reference from them.
    """
    members = compartment_types(engine.registry, type)
    types = wanted if wanted and set(wanted).issubset(members) else members
    where: list[Clause] = [in_compartment(type, id)]
    if "_since" in given:
        where.append(_dated(engine, "_lastUpdated", "ge", "_since", given["_since"]))
    for name, prefix in (("start", "ge"), ("end", "le")):
        if name in given:
            where.append(_in_care_period(engine, prefix, name, given[name]))  # type: ignore[arg-type]
    count = page_size(given.get("_count"), engine.limits)
    asked = SearchQuery(types, tuple(where), count=count)
    return structs.replace(asked, page=further.page, total="none") if further else asked


def _in_care_period(engine: Engine, prefix: Prefix, name: str, value: str) -> AnyOf:
    """Resources with dates must have one in the period; resources without dates are included."""
    undated = [Match(code, "date", (MissingValue(True),), modifier="missing") for code in CARE_DATES]
    dated = [_dated(engine, code, prefix, name, value) for code in CARE_DATES]
    return AnyOf((*dated, AllOf(tuple(undated))))


def _dated(engine: Engine, code: str, prefix: Prefix, name: str, value: str) -> Match:
    try:
        low, high = period_of(value.replace(" ", "+"), engine.zone)
    except ValueError as error:
        raise InvalidRequest.of(messages.BAD_DATE(name=name, value=value), f"http.{name}") from error
    return Match(code, "date", (DateValue(prefix, low, high),))


def _related(
    request: FhirRequest,
    engine: Engine,
    reader: Reader,
    wanted: tuple[str, ...],
    matches: tuple[StoredResource, ...],
) -> Iterator[StoredResource]:
    """The resources outside the compartment to which the matches refer, each once; only of the
    wanted types.
    """
    type, id = _subject(request)
    members = frozenset(compartment_types(engine.registry, type))
    own_patients = _patients_of_encounter(engine, reader, type, id)
    addresses = (request.base_url, *engine.extractor.indexing.base_urls)
    seen = {(match.type, match.id) for match in matches}
    for link in chain.from_iterable(_links(json.parse_own(match.body)) for match in matches):
        named = parse_reference(link, *addresses)
        key = named.type, named.id
        if named.kind != "local" or key in seen or key == (type, id) or (wanted and named.type not in wanted):
            continue
        seen.add(key)
        found = reader.read(*key)
        if found is None or found.deleted:
            continue
        if named.type in members:
            compartments = _compartments(engine, found)
            if (type, id) in compartments or not _patients(compartments) <= own_patients:
                continue
        yield found


def _patients_of_encounter(
    engine: Engine, reader: Reader, type: str, id: str | None
) -> frozenset[tuple[str, str]]:
    """The patients of an encounter, whose resources may be returned although they belong to other encounters.

    Empty for a patient, whose resources are in the patient's own compartment.
    """
    stored = reader.read(type, id) if id is not None and type != PATIENT else None
    return _patients(_compartments(engine, stored)) if stored and not stored.deleted else frozenset()


def _patients(compartments: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(compartment for compartment in compartments if compartment[0] == PATIENT)


def _compartments(engine: Engine, stored: StoredResource) -> frozenset[tuple[str, str]]:
    """The types and ids of the compartments that contain a resource."""
    tokens = engine.extractor.entries(json.parse_own(stored.body)).tokens
    return frozenset((token.system, token.code) for token in tokens if token.parameter == COMPARTMENT)


def _links(resource: Resource) -> Iterator[str]:
    """The references of a resource, including those to Binary in its attachments."""
    waiting: list[Any] = [resource]
    while waiting:
        node = waiting.pop()
        if type(node) is list:
            waiting += node
        elif type(node) is dict:
            for name, value in node.items():
                if type(value) is not str:
                    waiting.append(value)
                elif name == "reference" or (name == "url" and BINARY in value):
                    yield value


EVERYTHING = Operation(
    code="everything",
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
    levels=frozenset({"type", "instance"}),
    handle=everything,
    types=frozenset({"Patient"}),
)
ENCOUNTER_EVERYTHING = Operation(
    code="everything",
    definition="http://hl7.org/fhir/OperationDefinition/Encounter-everything",
    levels=frozenset({"instance"}),
    handle=everything,
    types=frozenset({"Encounter"}),
)
