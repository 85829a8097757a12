"""Jobs work on the stores and engines that the interactions' tests use."""

from tests.interactions.conftest import client, client_with, extractor, registry, store, validator

__all__ = ["client", "client_with", "extractor", "registry", "store", "validator"]
