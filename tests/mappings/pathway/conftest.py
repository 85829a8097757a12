"""Clients of an engine that the programme is plugged into, on stores that vanish with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.tokens import PageTokens
from fhir_server.extension import Engine, Software
from fhir_server.operations.table import OPERATIONS
from fhir_server.search.extract import Extractor
from fhir_server.store.clock import wall_clock
from fhir_server.store.port import Store
from mappings.sesame.plug_ins import plug_ins
from tests.interactions.client import ZONE, Client
from tests.mappings.pathway.plans import UNTIL_ASSESSED, tell
from tests.mappings.pathway.told import PathwayClient
from tests.mappings.sound import FHIRPATH, REGISTRY, VALIDATOR
from tests.store.conftest import TESTED, opened_store

EXTRACTOR = Extractor(REGISTRY, ZONE)
Pathway = Callable[..., Client]


@pytest.fixture(params=TESTED)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = opened_store(request.param, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def pathway(store: Store) -> Pathway:
    """Makes a client of the programme under the options given."""

    def make(extractor: Extractor = EXTRACTOR, **options: Any) -> Client:
        plugged = plug_ins(None, options)
        engine = Engine(
            store=store,
            registry=REGISTRY,
            validator=VALIDATOR,
            extractor=extractor,
            codes=Terminology(REGISTRY),
            paths=FHIRPATH,
            tokens=PageTokens(store.secret),
            zone=ZONE,
            software=Software("test", "0", 0),
            now=wall_clock,
            new_id=lambda: str(uuid4()),
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
