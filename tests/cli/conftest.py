"""Runs commands of `fhir-server` in this process, in a temporary folder and environment."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fhir_server.cli.main import main


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """`run("load", "x.json")` gives the exit status and what was printed."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FHIR_SERVER_")]:
        monkeypatch.delenv(name)

    def run_command(*arguments: str, **settings: str) -> Result:
        for name, value in settings.items():
            monkeypatch.setenv(f"FHIR_SERVER_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["fhir-server", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run_command
