"""Clients that write and search at the same time: every answer is that of one state of the store.

Afterwards `$changes` tells in which order everything was committed. What a search shows must be what one of
the states holds that there were between its beginning and its end, and all that was acknowledged before it
began is in it, whichever process answers. https://hl7.org/fhir/R4/http.html#transaction
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import RunningServer
from tests.interactions.bundles import entry

pytestmark = pytest.mark.e2e

CLIENTS, TURNS = 6, 30
FHIR_JSON = {"Content-Type": "application/fhir+json"}

Version = tuple[str, int]
State = Mapping[str, tuple[int, Any]]
"""By reference, the current version and its resource, None for a deletion."""


@dataclass(frozen=True)
class Told:
    """What was written, or shown, by a request, and when that began and ended."""

    begin: int
    end: int
    versions: frozenset[Version]
    search: str | None = None


def patient(random: Random, id: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "gender": random.choice(("female", "male"))}


def observation(id: str) -> dict[str, Any]:
    subject, code = {"reference": f"Patient/{id}"}, {"text": "x"}
    return {"resourceType": "Observation", "id": id, "status": "final", "code": code, "subject": subject}


def update(client: httpx.Client, random: Random, id: str) -> frozenset[Version]:
    answer = client.put(f"Patient/{id}", json=patient(random, id), headers=FHIR_JSON)
    return frozenset([(f"Patient/{id}", number(answer.headers["ETag"]))])


def deletion(client: httpx.Client, _: Random, id: str) -> frozenset[Version]:
    """Of nothing, where there is none (any more)."""
    answer = client.delete(f"Observation/{id}")
    assert answer.status_code == 204
    tag = answer.headers.get("ETag")
    return frozenset([(f"Observation/{id}", number(tag))] if tag else [])


def transaction(client: httpx.Client, random: Random, id: str) -> frozenset[Version]:
    pair = patient(random, id), observation(id)
    entries = [entry("PUT", f"{one['resourceType']}/{id}", one) for one in pair]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = client.post(str(client.base_url).rstrip("/"), json=bundle, headers=FHIR_JSON)
    assert answer.status_code == 200, answer.text
    told = (one["response"]["location"].split("/")[-4:] for one in answer.json()["entry"])
    return frozenset((f"{type}/{id}", int(version)) for type, id, _, version in told)


def number(etag: str) -> int:
    return int(etag.removeprefix('W/"').removesuffix('"'))


WRITES = (update, update, deletion, transaction, transaction)


def females(state: State) -> set[str]:
    return {reference for reference, (_, one) in state.items() if one and one.get("gender") == "female"}


def of_a(state: State) -> set[str]:
    return {reference for reference, (_, one) in state.items() if one and reference.endswith("/a")}


def observed(state: State) -> set[str]:
    ids = "".join(id for id in "ab" if state.get(f"Observation/{id}", (0, None))[1])
    return {f"{type}/{id}" for type in ("Observation", "Patient") for id in ids}


SEARCHES: dict[str, Callable[[State], set[str]]] = {
    "Patient?gender=female": females,
    "Patient?_id=a&_revinclude=Observation:subject": of_a,
    "Observation?_include=Observation:subject": observed,
    "Patient/a/$everything": of_a,
}


def shown(answer: httpx.Response) -> Iterator[tuple[str, int, Any]]:
    """The resources of a Bundle; None for a deletion, of which a history tells the ETag alone."""
    assert answer.status_code == 200, answer.text
    for one in answer.json().get("entry", []):
        reference, resource = one["fullUrl"].partition("/fhir/")[2], one.get("resource")
        version = resource["meta"]["versionId"] if resource else number(one["response"]["etag"])
        yield reference, int(version), resource


def work(server: RunningServer, seed: int) -> list[Told]:
    """What a client does, by its own random numbers, and is told."""
    random, told = Random(seed), []
    # Each time another connection, which another process may answer.
    with server.client(headers={"Connection": "close"}) as client:
        for _ in range(TURNS):
            search = random.choice([None, *SEARCHES])
            begin = time.monotonic_ns()
            if search is None:
                versions = random.choice(WRITES)(client, random, random.choice("ab"))
            else:
                versions = frozenset(found[:2] for found in shown(client.get(search)))
            told.append(Told(begin, time.monotonic_ns(), versions, search))
    return told


def test_every_answer_is_that_of_one_state(start_bare: Callable[..., RunningServer]) -> None:
    server = start_bare("--workers", "2", log_requests="false")
    with server.client() as client:
        transaction(client, Random(0), "a")
        transaction(client, Random(0), "b")
    with ThreadPoolExecutor(CLIENTS) as pool:
        told = [one for done in pool.map(lambda seed: work(server, seed), range(CLIENTS)) for one in done]
    with server.client() as client:
        log = list(shown(client.get("$changes?_count=1000")))
    states: list[State] = [{}]
    for reference, version, resource in log:
        assert version == states[-1].get(reference, (0, None))[0] + 1
        states.append({**states[-1], reference: (version, resource)})
    writes = [one for one in told if one.search is None]
    places = {found[:2]: place for place, found in enumerate(log, start=1)}
    assert sum(len(write.versions) for write in writes) == len(log) - 4
    for one in told:
        earlier = (places[version] for write in writes if write.end < one.begin for version in write.versions)
        later = (places[version] for write in writes if write.begin > one.end for version in write.versions)
        span = range(max(earlier, default=4), min(later, default=len(states)))
        if one.search is None:
            assert all(places[version] in span[1:] for version in one.versions)
        else:
            assert any(one.versions == matching(states[place], one.search) for place in span), one


def matching(state: State, search: str) -> frozenset[Version]:
    return frozenset((reference, state[reference][0]) for reference in SEARCHES[search](state))
