"""The store to grow on, in MongoDB."""

from fhir_server.store.mongo.connection import address_of
from fhir_server.store.mongo.store import MongoStore, prepare_database

__all__ = ["MongoStore", "address_of", "prepare_database"]
