"""Reads and writes the records of one kind, each as one FHIR transaction."""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion import messages
from fhir_server.conversion.finder import Dispatch, Finder
from fhir_server.conversion.references import reference_to
from fhir_server.conversion.schema import RecordSchema
from fhir_server.conversion.submission import Record, Submission, Written
from fhir_server.conversion.table import Resource, Table
from fhir_server.core.request import FhirRequest
from fhir_server.errors import Conflict, NotFound, PreconditionFailed, Unprocessable

ATTEMPTS_MAX = 3


class RecordService:
    """Reads and writes records of one kind. `dispatch` handles the reads; `write` gets its own for the
    writes.
    """

    def __init__(self, table: Table, dispatch: Dispatch) -> None:
        self.table = table
        self.schema = table.schema()
        self._checked = RecordSchema(self.schema)
        self._dispatch = dispatch

    def read(self, id: str, asked: FhirRequest) -> Record:
        """The record with that identifier, from the store. Raises `NotFound`."""
        finder = Finder(self._dispatch, asked)
        record = self._read(finder, finder.parts(self.table, id))
        if not record:
            raise NotFound.of(messages.NO_RECORD(record=self.table.name, id=id))
        return record

    def write(self, record: Any, asked: FhirRequest, submit: Dispatch) -> Written:
        """Store a record; an unchanged record is not written again.

        Raises `Unprocessable` for a record that breaks its schema, a profile or a rule, or that refers to an
        unknown record.
        """
        problems = self._checked.problems(record)
        if problems:
            raise Unprocessable(*problems)
        finder = Finder(self._dispatch, asked)
        for _ in range(ATTEMPTS_MAX):
            found = finder.parts(self.table, record[self.table.key], record)
            if found and self._read(finder, found) == record:
                return Written(record[self.table.key], 200, tuple(map(reference_to, found.values())))
            try:
                return Submission(self.table, record, found, finder, submit).send()
            except (Conflict, PreconditionFailed) as error:
                if not all(issue.code == "conflict" for issue in error.issues):
                    raise
        raise Conflict.of(messages.BUSY())

    def _read(self, finder: Finder, found: Mapping[str, Resource]) -> Record:
        if not found:
            return {}
        return self.table.from_fhir([*found.values(), *finder.targets(found)])
