"""Clients of an engine with the programme's plug-ins, on temporary stores."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.operations.builtin import OPERATIONS
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store
from mappings.sesame.plug_ins import plug_ins
from tests.interactions.client import ZONE, Client, engine_over
from tests.mappings.pathway.plans import UNTIL_ASSESSED, tell
from tests.mappings.pathway.story_snapshots import PathwayClient
from tests.mappings.validity import FHIRPATH, REGISTRY, VALIDATOR
from tests.store.conftest import store

__all__ = ["assessed", "client", "pathway", "store"]

EXTRACTOR = Extractor(REGISTRY, ZONE)
Pathway = Callable[..., Client]


@pytest.fixture
def pathway(store: Store) -> Pathway:
    """Makes a client of the programme under the options given."""

    def make(extractor: Extractor = EXTRACTOR, **options: Any) -> Client:
        plugged = plug_ins(None, options)
        engine = engine_over(
            store,
            REGISTRY,
            validator=VALIDATOR,
            extractor=extractor,
            paths=FHIRPATH,
            rules=plugged.rules,
            reactions=plugged.reactions,
            operations=(*OPERATIONS, *plugged.operations),
        )
        return PathwayClient(engine, policy=repr(sorted(options.items())))

    return make


@pytest.fixture
def client(pathway: Pathway) -> Client:
    """A client under the default policy."""
    return pathway()


@pytest.fixture
def assessed(client: Client) -> Client:
    """A client to whom the story was told until its patient was assessed, on 13 January 2025."""
    tell(client, *UNTIL_ASSESSED)
    return client
