"""Conditions of a transaction's entries, which may refer to others as in `Observation?subject=urn:uuid:...`.

Such a condition is resolved after the entries that it refers to have their identities on this server.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from fhir_server.definitions.registry import Registry
from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_entries import Entry
from fhir_server.interactions.condition_conflicts import in_dependency_order
from fhir_server.interactions.criteria import Criteria, create_criteria, with_parsed_search
from fhir_server.interactions.entry_links import Identities

INTERACTIONS: Mapping[str, str] = {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}
"""The interactions with criteria in the URL, by method."""

Condition = tuple[Entry, Criteria]


class EntryConditions:
    """The conditions of writing entries. `known` are the criteria, by entry index, of creates and updates
    that refer to no other entry; errors are reported when the entry is processed.
    """

    def __init__(self, entries: Sequence[Entry], engine: Engine) -> None:
        self._engine = engine
        conditions = [(entry, wanted) for entry in entries if (wanted := _read(entry)) is not None]
        full_urls = frozenset([entry.full_url for entry in entries if entry.full_url])
        self._names = dict(self._named(conditions, full_urls)) if full_urls else {}
        self.known = dict(self._understood(conditions))

    def wanted(self, entry: Entry, identities: Identities) -> Criteria:
        """The criteria in the URL of an entry, with references to other entries replaced by their identities.
        Raises `InvalidRequest` if one has none yet.
        """
        return self.known.get(entry.index) or self._identified(entry, _criteria(entry), identities)

    def wanted_to_create(self, entry: Entry, identities: Identities) -> Criteria | None:
        """As `wanted`, for a create; None if it is unconditional. Raises `InvalidRequest` for criteria of
        another type.
        """
        if known := self.known.get(entry.index):
            return known
        wanted = create_criteria(entry.request)
        return None if wanted is None else self._identified(entry, wanted, identities)

    def in_dependency_order(self, entries: Sequence[Entry]) -> Iterable[Entry]:
        """The entries in order, except that those which refer to others come after these."""
        if not self._names:
            return entries
        nothing: frozenset[str] = frozenset()
        return in_dependency_order(
            [(entry, entry.full_url or "", self._names.get(entry.index, nothing)) for entry in entries]
        )

    def _identified(self, entry: Entry, wanted: Criteria, identities: Identities) -> Criteria:
        names = self._names.get(entry.index)
        return _with_identities(wanted, names, identities, self._engine.registry) if names else wanted

    def _named(
        self, conditions: Iterable[Condition], full_urls: Collection[str]
    ) -> Iterator[tuple[int, frozenset[str]]]:
        for entry, wanted in conditions:
            if names := _names_in(wanted, full_urls, self._engine.registry):
                yield entry.index, names

    def _understood(self, conditions: Iterable[Condition]) -> Iterator[tuple[int, Criteria]]:
        for entry, wanted in conditions:
            if entry.request.method in ("POST", "PUT") and entry.index not in self._names:
                with suppress(FhirError):
                    yield entry.index, with_parsed_search(wanted, self._engine, entry.request.base_url)


def _read(entry: Entry) -> Criteria | None:
    """The criteria of an entry; None if it has none, or invalid ones."""
    request = entry.request
    with suppress(FhirError):
        if request.method == "POST":
            return create_criteria(request)
        if len(request.path) == 1 and request.query:
            return _criteria(entry)
    return None


def _criteria(entry: Entry) -> Criteria:
    request = entry.request
    return Criteria(request.path[0], request.query, INTERACTIONS[request.method])


def _names_in(wanted: Criteria, full_urls: Collection[str], registry: Registry) -> frozenset[str]:
    """The fullUrls among the values of a condition's reference parameters."""
    values = ((name, part) for name, value in wanted.parameters for part in value.split(","))
    found = [(name, part) for name, part in values if part in full_urls]
    return frozenset([part for name, part in found if _seeks_reference(wanted.type, name, registry)])


def _with_identities(
    wanted: Criteria, names: frozenset[str], identities: Identities, registry: Registry
) -> Criteria:
    if unknown := names - identities.references.keys():
        raise InvalidRequest.of(messages.ENTRY_NOT_YET_KNOWN(url=min(unknown)), "http.url")
    known = {name: identities.references[name] for name in names}
    parameters = [
        (name, _replaced(value, known) if _seeks_reference(wanted.type, name, registry) else value)
        for name, value in wanted.parameters
    ]
    return replace(wanted, parameters=tuple(parameters))


def _replaced(value: str, known: Mapping[str, str]) -> str:
    return ",".join(known.get(part, part) for part in value.split(","))


def _seeks_reference(type: str, name: str, registry: Registry) -> bool:
    if not registry.is_resource_type(type):
        return False
    parameter = registry.search_parameters(type).get(name.partition(":")[0])
    return parameter is not None and parameter.type == "reference"
