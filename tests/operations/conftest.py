"""Operations are called by the same clients as interactions."""

from tests.interactions.conftest import client, client_with, extractor, registry, store, validator

__all__ = ["client", "client_with", "extractor", "registry", "store", "validator"]
