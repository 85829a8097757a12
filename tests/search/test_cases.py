"""Every search in `cases/`, on every backend. A new search parameter is covered by a row there."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest
from fhir_server.core.resource import draft
from fhir_server.definitions.registry import Registry
from fhir_server.errors import FhirError, status_of
from fhir_server.interactions.search import search as answer
from fhir_server.search.extract import Extractor
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore
from fhir_server.validation.fhirpath.engine import CompiledFhirPath
from fhir_server.validation.validator import Validator
from tests.interactions.client import engine_over
from tests.mongo.databases import new_store
from tests.search.cases import Case, cases, content, files
from tests.search.universe import BASE_URL, NOW, PARIS
from tests.store.samples import put

BACKENDS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(lambda: NOW),
    "sqlite": lambda file: SqliteStore(file, lambda: NOW),
    "mongodb": lambda _: new_store(clock=lambda: NOW),
    "indexed": lambda _: new_store(indexes=True, clock=lambda: NOW),
}


class Contents:
    """The definitions and the resources of one file, ready to be written to any backend."""

    def __init__(self, file: str) -> None:
        registry = Registry.r4().with_guides(content(file).get("definitions", ()))
        paths = CompiledFhirPath(registry)
        self.extractor = Extractor(registry, PARIS, BASE_URL, paths)
        self.validator = Validator(registry, paths, Terminology(registry))
        self.registry = registry
        received = [json.parse(json.serialise(resource)) for resource in content(file)["resources"]]
        self.drafts = [(draft(one, one["id"]), self.extractor.entries(one)) for one in received]


class Server:
    """The resources of one file in one backend."""

    def __init__(self, contents: Contents, store: Store) -> None:
        with store.group():
            for new, entries in contents.drafts:
                put(store, (new, entries))
        self.store = store
        self._engine = engine_over(
            store,
            contents.registry,
            validator=contents.validator,
            extractor=contents.extractor,
            zone=PARIS,
            now=lambda: NOW,
        )

    def search(self, search: str, language: str = "en") -> tuple[int, Any]:
        """The status and content that answer a relative URL."""
        path, _, query = search.partition("?")
        request = FhirRequest(
            method="GET",
            path=tuple(filter(None, path.split("/"))),
            base_url=BASE_URL,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            language="fr" if language == "fr" else "en",
        )
        try:
            return 200, json.parse(answer(request, self._engine, self.store).body or b"")
        except FhirError as error:
            return status_of(error), operation_outcome(error.issues, request.language)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Server]]:
    """Gives the server of a file and a backend, which is made when it is first asked for."""
    folder: Path = tmp_path_factory.mktemp("cases")
    contents = cache(Contents)
    stores: list[Store] = []

    @cache
    def make(file: str, backend: str) -> Server:
        stores.append(BACKENDS[backend](folder / f"{file}.sqlite"))
        return Server(contents(file), stores[-1])

    yield make
    for store in stores:
        store.close()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_a_search_finds_what_its_rule_says(
    server: Callable[[str, str], Server], case: Case, backend: str
) -> None:
    asked = server(case.file, backend)
    status, found = asked.search(case.search)
    if isinstance(case.expected, str):
        assert status == 400, found
        assert case.expected in " ".join(issue["diagnostics"] for issue in found["issue"])
        _, in_french = asked.search(case.search, "fr")
        assert in_french["issue"][0]["diagnostics"] != found["issue"][0]["diagnostics"]
        return
    assert status == 200, found
    expected = case.expected if isinstance(case.expected, dict) else {"matches": case.expected}
    matches = _ids(found, "match")
    assert (matches if "_sort" in case.search else sorted(matches)) == expected["matches"]
    assert sorted(_ids(found, "include")) == expected.get("includes", [])
    if "total" in expected:
        assert found.get("total") == expected["total"]


@pytest.mark.parametrize("file", files())
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_index_is_that_of_the_resources(
    server: Callable[[str, str], Server], file: str, backend: str
) -> None:
    assert server(file, backend).store.check() == []


def _ids(bundle: Any, mode: str) -> list[str]:
    entries = bundle.get("entry", ())
    return [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == mode]


def test_every_file_names_its_section_and_every_rule_its_searches() -> None:
    for file in files():
        assert content(file)["section"].startswith("3.1.1.")
        assert content(file)["link"].startswith("https://hl7.org/fhir/R4/search")
        rules = [rule["rule"] for rule in content(file)["rules"]]
        assert len(rules) == len(set(rules))
        assert all(rule["searches"] for rule in content(file)["rules"])
