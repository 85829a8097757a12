"""Where records of one kind come in and go out: each is written as one transaction of FHIR, and read back
from FHIR.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.conversion import messages
from fhir_server.conversion.merge import merged
from fhir_server.conversion.record import RecordType
from fhir_server.conversion.references import rewritten
from fhir_server.conversion.schema import RecordSchema
from fhir_server.conversion.stored import Dispatch, Finder
from fhir_server.conversion.table import Part, Resource
from fhir_server.core import json
from fhir_server.core.named import named_uuid
from fhir_server.core.request import FhirRequest
from fhir_server.errors import Conflict, FhirError, NotFound, PreconditionFailed, Unprocessable
from fhir_server.issues import Issue

Record = Mapping[str, Any]

ATTEMPTS_MAX = 3
WHOLE = "/"
_CONDITIONAL = re.compile(r"(\w+)\?identifier=([^|]+)\|(.+)")
_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?(?:\.(.*))?")


@dataclass(frozen=True, slots=True)
class Written:
    """A record in the store: `status` 201 for a new one, 200 for one that was there already; `resources` are
    the references of those that hold it."""

    id: str
    status: int
    resources: tuple[str, ...]


class Desk:
    """Takes and gives records of one kind. `dispatch` reads; what writes is given with each record."""

    def __init__(self, type: RecordType, dispatch: Dispatch) -> None:
        self.type = type
        self.schema = dict(type.schema())
        self._checked = RecordSchema(self.schema)
        self._dispatch = dispatch

    def read(self, id: str, asked: FhirRequest) -> Record:
        """The record of that identifier, as the store has it now. Raises `NotFound`."""
        finder = Finder(self._dispatch, asked)
        record = self._read(finder, finder.parts(self.type, id))
        if not record:
            raise NotFound.of(messages.NO_RECORD(record=self.type.name, id=id))
        return record

    def write(self, record: Any, asked: FhirRequest, submit: Dispatch) -> Written:
        """Store a record; what is stored already as it is said is not written again.

        Raises `Unprocessable` for a record that breaks its schema, a profile or a rule, or that names what
        the server does not know.
        """
        problems = self._checked.problems(record)
        if problems:
            raise Unprocessable(*problems)
        finder = Finder(self._dispatch, asked)
        for _ in range(ATTEMPTS_MAX):
            found = finder.parts(self.type, record[self.type.key], record)
            if found and self._read(finder, found) == record:
                return Written(record[self.type.key], 200, tuple(map(_reference, found.values())))
            try:
                return self._submit(record, found, finder, submit)
            except (Conflict, PreconditionFailed) as error:
                if not all(issue.code == "conflict" for issue in error.issues):
                    raise
        raise Conflict.of(messages.BUSY())

    def _read(self, finder: Finder, found: Mapping[str, Resource]) -> Record:
        if not found:
            return {}
        return self.type.from_fhir([*found.values(), *finder.targets(found)])

    def _submit(
        self, record: Record, found: Mapping[str, Resource], finder: Finder, submit: Dispatch
    ) -> Written:
        """Send the transaction; where a reference leads nowhere by identifier, its value may be an id."""
        resources = self.type.to_fhir(record)
        try:
            return self._sent(record, resources, found, finder, submit)
        except PreconditionFailed as error:
            if not any(issue.code == "not-found" for issue in error.issues):
                raise
        own = {_identity(self.type, part, record) for part in self.type.parts}
        linked = [self._linked(one, finder, own) for one in resources]
        return self._sent(record, linked, found, finder, submit)

    def _sent(
        self,
        record: Record,
        resources: Sequence[Resource],
        found: Mapping[str, Resource],
        finder: Finder,
        submit: Dispatch,
    ) -> Written:
        entries = [entry for one in resources for entry in self._entry(one, record, found)]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": _inside(entries)}
        try:
            response = submit(_transaction(finder.asked, bundle))
        except FhirError as error:
            raise self._translated(error, entries) from error
        answers = [entry["response"] for entry in json.parse(response.body or b"{}")["entry"]]
        references = ("/".join(answer["location"].split("/")[-4:-2]) for answer in answers)
        status = 200 if self.type.parts[0].type in found else int(answers[0]["status"][:3])
        return Written(record[self.type.key], status, tuple(references))

    def _entry(
        self, fresh: Resource, record: Record, found: Mapping[str, Resource]
    ) -> Iterator[dict[str, Any]]:
        """The entry that writes a part, none for one that is not the record's to change any more."""
        type = fresh["resourceType"]
        part = next(one for one in self.type.parts if one.type == type)
        stored = found.get(type)
        url = _identity(self.type, part, record)
        if stored is None:
            yield {"fullUrl": url, "resource": fresh, "request": {"method": "PUT", "url": url}}
        elif not part.once:
            request = {
                "method": "PUT",
                "url": _reference(stored),
                "ifMatch": f'W/"{stored["meta"]["versionId"]}"',
            }
            resource = merged(stored, fresh, part, self.type.own(part))
            yield {"fullUrl": url, "resource": resource, "request": request}

    def _linked(self, resource: Resource, finder: Finder, own: set[str]) -> Resource:
        """A copy whose references by an identifier that nobody bears name the resource of that id."""

        def target(reference: str, place: str) -> str:
            conditional = None if reference in own else _CONDITIONAL.fullmatch(reference)
            if conditional is None:
                return reference
            type, system, value = conditional.groups()
            if finder.search(type, identifier=f"{system}|{value}"):
                return reference
            if finder.read(type, value) is not None:
                return f"{type}/{value}"
            at = self._pointer(resource, place)
            raise Unprocessable.of(messages.UNKNOWN_REFERENCE(at=at, reference=value), at, code="not-found")

        linked: Resource = rewritten(resource, target)
        return linked

    def _pointer(self, resource: Resource, below: str) -> str:
        """The field at a place of a resource as a JSON pointer; the place itself where no field stands, and
        `/` for the resource as a whole, which is the record's.
        """
        if not below:
            return WHOLE
        name = self.type.field_at(resource, below)
        return "/" + name.replace(".", "/") if name else f"{resource['resourceType']}.{below}".rstrip(".")

    def _translated(self, error: FhirError, entries: Sequence[Mapping[str, Any]]) -> FhirError:
        """The same error, its issues located in the record, errors first; of warnings those that the sender
        of a record can do something about."""

        def place(expression: str) -> str:
            inside = _IN_ENTRY.fullmatch(expression)
            if inside is None:
                return expression
            return self._pointer(entries[int(inside[1])]["resource"], inside[2] or "")

        issues = [
            Issue(one.severity, one.code, one.text, tuple(map(place, one.expression)), one.key)
            for one in error.issues
        ]
        errors = [one for one in issues if one.severity in ("fatal", "error")]
        warnings = [one for one in issues if one not in errors]
        return type(error)(*errors, *(one for one in warnings if _is_in_record(one)))


def _is_in_record(issue: Issue) -> bool:
    return any(place.startswith("/") and place != WHOLE for place in issue.expression)


def _transaction(asked: FhirRequest, bundle: dict[str, Any]) -> FhirRequest:
    return msgspec.structs.replace(
        asked, method="POST", path=(), query=(), content=bundle, content_type="application/fhir+json"
    )


def _identity(type: RecordType, part: Part, record: Record) -> str:
    """The search that finds a part of a record: by the record's identifier, or by one of the part's own."""
    system, name = part.identity or (type.system, type.key)
    return f"{part.type}?identifier={system}|{record[name]}"


def _inside(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries under urns, by which they refer to each other: a search would not find them before they
    are written."""
    urns = {entry["fullUrl"]: f"urn:uuid:{named_uuid(entry['fullUrl'])}" for entry in entries}

    def renamed(reference: str, _: str) -> str:
        return urns.get(reference, reference)

    return [
        {**entry, "fullUrl": urns[entry["fullUrl"]], "resource": rewritten(entry["resource"], renamed)}
        for entry in entries
    ]


def _reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
