"""Clients of several servers that do something at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.e2e.conftest import RunningServer

CLIENTS = 16


def race(
    servers: Sequence[RunningServer], contender: Callable[[httpx.Client, int], httpx.Response]
) -> list[httpx.Response]:
    """What each of the clients is answered, in the order of their numbers."""
    barrier = threading.Barrier(CLIENTS)

    def run(number: int) -> httpx.Response:
        with servers[number % len(servers)].client() as client:
            client.get("metadata?_elements=status")
            barrier.wait()
            return contender(client, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(run, range(CLIENTS)))
