"""Several processes on one file: races, and killed processes."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from fhir_server.store.port import HistoryQuery
from fhir_server.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[3]

RACER = """
import sys
from pathlib import Path
from fhir_server.search.ast import SearchQuery
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import identified, person, put

store = SqliteStore(Path(sys.argv[1]))
name = sys.argv[2]
for turn in range(40):
    def create(unit):
        found = unit.search(SearchQuery(("Patient",), (identified(str(turn)),))).matches
        return found[0] if found else unit.put(*person(f"{name}-{turn}", code=str(turn)), "POST")
    with store.group():
        won = store.transact(create)
        put(store, person("shared", code="shared"))
    assert store.read("Patient", won.id) == won
    put(store, person(f"{name}-{turn}", type=f"Type{name}{turn}", code="other"))
store.close()
"""

WRITER = """
import sys
from pathlib import Path
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import person, put

store = SqliteStore(Path(sys.argv[1]))
number = store.watermark()
while True:
    written = []
    with store.group():
        for _ in range(5):
            number += 1
            def work(unit):
                one = unit.put(*person(f"p{number % 40}", code=str(number)), "PUT")
                unit.put(*person(f"q{number % 40}", code=str(number)), "PUT")
                return one
            written.append(store.transact(work))
    for one in written:
        print(one.id, one.version, one.sequence, flush=True)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    racers = [start(RACER, str(path), name) for name in ("A", "B", "C")]
    outputs = [racer.communicate(timeout=60) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], outputs
    store = SqliteStore(path)
    count = store.count()
    assert count["Patient"] == 41
    assert sum(count.values()) == 41 + 3 * 40
    assert store.history(HistoryQuery("Patient", "shared")).total == 3 * 40
    assert store.watermark() == 40 + 2 * 3 * 40
    assert store.check() == []
    store.close()


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """Killed at random moments under load; each time the next process goes on with the same file."""
    path = tmp_path / "store.sqlite"
    moments = random.Random(7)
    acknowledged: list[tuple[str, int, int]] = []
    for _ in range(6):
        acknowledged += run_and_kill(path, moments.uniform(0.0, 0.25))
        store = SqliteStore(path)
        assert store.check() == []
        sequences = {v.sequence: (v.id, v.version) for v in store.changes(0, 1_000_000)}
        for id, version, sequence in acknowledged:
            assert sequences[sequence] == (id, version)
        assert sorted(sequences) == list(range(1, store.watermark() + 1))
        assert store.watermark() % 2 == 0
        store.close()
    assert len(acknowledged) > 50


def run_and_kill(path: Path, seconds: float) -> list[tuple[str, int, int]]:
    """What a writer has said to be written by the time that it is killed."""
    writer = start(WRITER, str(path))
    assert writer.stdout is not None
    lines = [writer.stdout.readline()]
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    lines += writer.stdout.read().splitlines(keepends=True)
    writer.stdout.close()
    writer.wait()
    said = [line.split() for line in lines if line.endswith("\n")]
    return [(id, int(version), int(sequence)) for id, version, sequence in said]
