"""Logical ids for new resources."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

from fhir_server.core.ids import BATCH, IdGenerator

VERSION_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def milliseconds(id: str) -> int:
    return int(id.replace("-", "")[:12], 16)


def test_an_id_is_a_uuid_of_version_7_that_tells_when_it_was_made() -> None:
    new_id, before = IdGenerator(), time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(3 * BATCH)]
    after = time.time_ns() // 1_000_000
    assert all(VERSION_7.fullmatch(id) for id in ids)
    assert all(before <= milliseconds(id) <= after for id in ids)
    assert ids == sorted(ids, key=milliseconds)


def test_no_two_threads_get_the_same() -> None:
    new_id, each = IdGenerator(), 20 * BATCH
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: [new_id() for _ in range(each)], range(4)))
    assert len({id for ids in made for id in ids}) == 4 * each


def test_a_copy_of_the_process_makes_others() -> None:
    new_id = IdGenerator()
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, new_id()[14:].encode())
        os._exit(0)
    os.waitpid(child, 0)
    ours = {new_id()[14:] for _ in range(2 * BATCH)}
    assert os.read(reading, 100).decode() not in ours
    os.close(reading)
    os.close(writing)
