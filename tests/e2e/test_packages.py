"""A package installed by a command is used by the processes of a server that is running."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.definitions.packages.tgz import HERE, packed, value_set
from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

EXPANSION = f"ValueSet/$expand?url={HERE}ValueSet/colours"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_running_server_uses_a_package_with_its_next_request(
    start_server: Callable[..., RunningServer],
    run_command: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    workers: str,
) -> None:
    server = start_server("--workers", workers)
    with server.client() as client:
        assert client.get(EXPANSION).status_code == 404
    packed(tmp_path / "colours.tgz", {"ValueSet-colours.json": value_set()})
    done = run_command("package", "install", "colours.tgz")
    assert (done.returncode, done.stderr) == (0, "")
    # New connections reach every worker.
    for _ in range(8):
        with server.client() as other:
            answer = other.get(EXPANSION)
            assert answer.status_code == 200, answer.text
            assert [contained["code"] for contained in answer.json()["expansion"]["contains"]] == ["red"]
    listed = run_command("package", "list")
    assert listed.stdout == "example.guide#1.0.0  1 resource\n"
