"""The embedded store, in one SQLite file."""

from fhir_server.store.sqlite.backup import restore
from fhir_server.store.sqlite.schema import UnknownSchema
from fhir_server.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "UnknownSchema", "restore"]
