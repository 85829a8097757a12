"""Pages of the documentation, whose commands are run and compared with what the page shows of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningServer

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8080"
BLOCK = re.compile(r"^```sh\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
END_OF_BLOCK = "--- end of block ---"
TIME_LIMIT_SECONDS = 120


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")


def blocks(page: Path) -> list[tuple[str, list[str]]]:
    """The commands of the page, each with the lines that it shows of what they print."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(commands, [line.strip() for line in shown.splitlines()]) for commands, shown in found]


def install_command(folder: Path) -> None:
    """The command `fhir-server` of this checkout, as the installation would put it on the path."""
    script = folder / "fhir-server"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fhir_server "$@"\n')
    script.chmod(0o755)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a bash script in a folder where the project's paths are as in the project's own."""
    (folder / "tests").symlink_to(ROOT / "tests")
    install_command(folder)
    paths = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FHIR_SERVER_")}
    return subprocess.run(
        ["bash", "-u", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=kept | paths | {"NO_PROXY": "127.0.0.1", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )


def assert_shown(shown: list[str], printed: str) -> None:
    """Each line the page shows is printed, in this order."""
    position = 0
    for line in shown:
        found = printed.find(line, position)
        assert found >= 0, f"{line!r} is not in what was printed:\n{printed}"
        position = found + len(line)


def assert_prints_what_it_shows(page: Path, server: RunningServer, folder: Path) -> None:
    """Run every command of the page, in one shell, against the server."""
    script = "".join(f"{commands}echo; echo '{END_OF_BLOCK}'\n" for commands, _ in blocks(page))
    finished = run(script.replace(ADDRESS, server.root_url), folder)
    assert finished.stderr == ""
    *printed, after = finished.stdout.split(END_OF_BLOCK)
    assert after.strip() == ""
    for (_, shown), text in zip(blocks(page), printed, strict=True):
        assert_shown(shown, text)
