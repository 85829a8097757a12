"""Finds the resources of a record in the store, through the server's dispatcher.

https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.conversion import messages
from fhir_server.conversion.field_kinds import value_in
from fhir_server.conversion.references import reference_to, references
from fhir_server.conversion.table import Part, Resource, Table
from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import Conflict, Gone, InvalidRequest, NotFound
from fhir_server.search.escapes import escape

_LOCAL = re.compile(r"([A-Za-z]+)/([A-Za-z0-9.\-]{1,64})")

Dispatch = Callable[[FhirRequest], FhirResponse]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds resources on behalf of a client: every request copies the context of the client's request
    `asked`.
    """

    dispatch: Dispatch
    asked: FhirRequest

    def read(self, type: str, id: str) -> Resource | None:
        """The resource with that id; None when there is none."""
        try:
            found = self.dispatch(self.request_like((type, id)))
        except (NotFound, Gone, InvalidRequest):
            return None
        resource: Resource = json.parse(found.body or b"null")
        return resource

    def search(self, type: str, **parameters: str) -> list[Resource]:
        """The first ten resources that match."""
        query = (*parameters.items(), ("_count", "10"), ("_total", "none"))
        found = self.dispatch(self.request_like((type,), query))
        entries = json.parse(found.body or b"{}").get("entry", [])
        return [entry["resource"] for entry in entries if entry["search"]["mode"] == "match"]

    def request_like(self, path: tuple[str, ...], query: tuple[tuple[str, str], ...] = ()) -> FhirRequest:
        return msgspec.structs.replace(self.asked, method="GET", path=path, query=query, content=None)

    def parts(self, table: Table, key: str, record: Mapping[str, Any] | None = None) -> dict[str, Resource]:
        """The resources of a record, by type.

        These have its identifier; otherwise, they are the one with the key as its logical id, and those that
        refer to it. The content of `record` finds the parts that several records share. Raises `Conflict`
        when several resources have the identifier.
        """
        first, *others = table.parts
        main = self._identified(first, table.system, key) or self._by_logical_id(table, key)
        main = main or (self._by_shared_identifier(table, record) if record else None)
        found = {first.type: main} if main else {}
        for part in others:
            resource = self._other(table, part, main, key, record)
            if resource is not None:
                found[part.type] = resource
        return found

    def targets(self, resources: Mapping[str, Resource]) -> list[Resource]:
        """The stored resources to which some resources refer."""
        known = set(map(reference_to, resources.values()))
        named = {reference for resource in resources.values() for reference in references(resource)} - known
        local = (match for match in map(_LOCAL.fullmatch, sorted(named)) if match)
        found = (self.read(match[1], match[2]) for match in local)
        return [resource for resource in found if resource is not None]

    def _other(
        self,
        table: Table,
        part: Part,
        main: Resource | None,
        key: str,
        record: Mapping[str, Any] | None,
    ) -> Resource | None:
        if part.identity is not None:
            system, name = part.identity
            return self._identified(part, system, record[name]) if record else None
        if main is None:
            return None
        return self._identified(part, table.system, key) or self._referring(table, part, main)

    def _identified(self, part: Part, system: str, key: str) -> Resource | None:
        found = self.search(part.type, identifier=_token(system, key))
        if len(found) > 1:
            raise Conflict.of(messages.SEVERAL(type=part.type, value=key))
        return found[0] if found else None

    def _by_logical_id(self, table: Table, id: str) -> Resource | None:
        found = self.read(table.parts[0].type, id)
        return found if found is not None and table.from_fhir([found]) else None

    def _by_shared_identifier(self, table: Table, record: Mapping[str, Any]) -> Resource | None:
        """The only resource with the value of an alternative identifier that does not belong to another
        record.
        """
        for system, name in table.parts[0].known_by:
            if name in record:
                found = self.search(table.parts[0].type, identifier=_token(system, record[name]))
                free = [resource for resource in found if value_in(resource, table.system) is None]
                same = [
                    resource for resource in free if table.from_fhir([resource]).get(name) == record[name]
                ]
                if len(same) == 1:
                    return same[0]
        return None

    def _referring(self, table: Table, part: Part, main: Resource) -> Resource | None:
        """The only resource of a part that refers to the first and does not belong to another record."""
        if part.refers_by is None:
            return None
        found = self.search(part.type, **{part.refers_by: reference_to(main)})
        fit = [
            resource
            for resource in found
            if part.matches(resource) and value_in(resource, table.system) is None
        ]
        return fit[0] if len(fit) == 1 else None


def _token(system: str, value: str) -> str:
    """The identifier as an escaped value of a token search."""
    return f"{system}|{escape(value)}"
