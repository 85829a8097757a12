"""Submits a record as one FHIR transaction, and locates the issues of the answer in the record.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.conversion import messages
from fhir_server.conversion.finder import Dispatch, Finder
from fhir_server.conversion.members import pointer_to
from fhir_server.conversion.merge import merged
from fhir_server.conversion.references import (
    parse_identifier_reference,
    reference_by_identifier,
    reference_to,
    rewrite_references,
)
from fhir_server.conversion.table import Part, Resource, Table
from fhir_server.core import json
from fhir_server.core.name_based_uuid import name_based_uuid
from fhir_server.core.request import FhirRequest
from fhir_server.errors import FhirError, PreconditionFailed, Unprocessable
from fhir_server.issues import Issue

Record = Mapping[str, Any]

WHOLE = "/"
_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?(?:\.(.*))?")


@dataclass(frozen=True, slots=True)
class Written:
    """A stored record: `status` 201 for a new one, otherwise 200; `resources` are the references of its
    resources.
    """

    id: str
    status: int
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """A record of a table. `found` are its stored resources by type; `submit` handles the transaction."""

    table: Table
    record: Record
    found: Mapping[str, Resource]
    finder: Finder
    submit: Dispatch

    def send(self) -> Written:
        """Send the transaction. If no resource has the identifier of a reference, its value is tried as an
        id.
        """
        resources = self.table.to_fhir(self.record)
        try:
            return self._sent(resources)
        except PreconditionFailed as error:
            if not any(issue.code == "not-found" for issue in error.issues):
                raise
        own = {self._identity(part) for part in self.table.parts}
        return self._sent([self._linked(resource, own) for resource in resources])

    def _sent(self, resources: Sequence[Resource]) -> Written:
        entries = [entry for resource in resources for entry in self._entry(resource)]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": _inside(entries)}
        try:
            response = self.submit(_transaction(self.finder.asked, bundle))
        except FhirError as error:
            raise self._translated(error, entries) from error
        answers = [entry["response"] for entry in json.parse(response.body or b"{}")["entry"]]
        references = ("/".join(answer["location"].split("/")[-4:-2]) for answer in answers)
        status = 200 if self.table.parts[0].type in self.found else int(answers[0]["status"][:3])
        return Written(self.record[self.table.key], status, tuple(references))

    def _entry(self, fresh: Resource) -> Iterator[dict[str, Any]]:
        """The entry that writes a part; none for a stored part that the record may write only once."""
        type = fresh["resourceType"]
        part = next(part for part in self.table.parts if part.type == type)
        stored = self.found.get(type)
        url = self._identity(part)
        if stored is None:
            yield {"fullUrl": url, "resource": fresh, "request": {"method": "PUT", "url": url}}
        elif not part.write_once:
            request = {
                "method": "PUT",
                "url": reference_to(stored),
                "ifMatch": f'W/"{stored["meta"]["versionId"]}"',
            }
            resource = merged(stored, fresh, part, self.table.owned(part))
            yield {"fullUrl": url, "resource": resource, "request": request}

    def _identity(self, part: Part) -> str:
        """The conditional reference to a part: by the record's identifier, or by one of the part's own."""
        system, name = part.identity or (self.table.system, self.table.key)
        return reference_by_identifier(part.type, system, self.record[name])

    def _linked(self, resource: Resource, own: set[str]) -> Resource:
        """A copy in which references by an unknown identifier are literal references to that id."""

        def target(reference: str, place: str) -> str:
            conditional = None if reference in own else parse_identifier_reference(reference)
            if conditional is None:
                return reference
            type, system, value = conditional.groups()
            if self.finder.search(type, identifier=f"{system}|{value}"):
                return reference
            if self.finder.read(type, value) is not None:
                return f"{type}/{value}"
            at = self._pointer(resource, place)
            raise Unprocessable.of(messages.UNKNOWN_REFERENCE(at=at, reference=value), at, code="not-found")

        linked: Resource = rewrite_references(resource, target)
        return linked

    def _pointer(self, resource: Resource, below: str) -> str:
        """The JSON pointer of the field at a location of a resource.

        The location itself where there is no field, and `/` for the whole resource.
        """
        if not below:
            return WHOLE
        name = self.table.field_at(resource, below)
        return pointer_to(name) if name else f"{resource['resourceType']}.{below}".rstrip(".")

    def _translated(self, error: FhirError, entries: Sequence[Mapping[str, Any]]) -> FhirError:
        """The same error with its issues located in the record, without warnings about other parts."""

        def place(expression: str) -> str:
            inside = _IN_ENTRY.fullmatch(expression)
            if inside is None:
                return expression
            return self._pointer(entries[int(inside[1])]["resource"], inside[2] or "")

        issues = [
            Issue(issue.severity, issue.code, issue.text, tuple(map(place, issue.expression)), issue.key)
            for issue in error.issues
        ]
        return type(error)(*(issue for issue in issues if issue.fails or _is_in_record(issue)))


def _is_in_record(issue: Issue) -> bool:
    return any(place.startswith("/") and place != WHOLE for place in issue.expression)


def _transaction(asked: FhirRequest, bundle: dict[str, Any]) -> FhirRequest:
    return msgspec.structs.replace(
        asked, method="POST", path=(), query=(), content=bundle, content_type="application/fhir+json"
    )


def _inside(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries with URNs for the references between them, which no search would find before the write."""
    urns = {entry["fullUrl"]: f"urn:uuid:{name_based_uuid(entry['fullUrl'])}" for entry in entries}

    def renamed(reference: str, _: str) -> str:
        return urns.get(reference, reference)

    return [
        {
            **entry,
            "fullUrl": urns[entry["fullUrl"]],
            "resource": rewrite_references(entry["resource"], renamed),
        }
        for entry in entries
    ]
