"""The command reports met and missed targets by its output and its exit status."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Sample, Side, Target
from benchmarks.servers import ServerFailed

FAST = Side("product", "req/s", (Sample(900.0, 0.001, 0.002, 0.4, 1.0),))
FLOOR = Side("floor", "req/s", (Sample(1_000.0, 0.001, 0.002, 0.4, 1.0),))


def measured(_: Bench) -> Figure:
    return Figure.ratio(FAST, FLOOR)


def broken(_: Bench) -> Figure:
    raise ServerFailed("it did not start")


def run(monkeypatch: pytest.MonkeyPatch, *rows: Row, arguments: tuple[str, ...] = ()) -> int:
    monkeypatch.setattr(command, "ROWS", rows)
    return command.main(["--profile", "none", *arguments])


def test_all_targets_met_is_status_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, Row("a", "first", Target(0.9), measured)) == 0

    printed = capsys.readouterr().out
    assert "met  a            first: target >= 0.9, measured 0.90" in printed
    assert "1,000 req/s" in printed
    assert "all 1 targets met" in printed


def test_one_missed_target_is_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (Row("a", "first", Target(0.5), measured), Row("b", "second", Target(0.95), measured))

    assert run(monkeypatch, *rows) == 1
    assert "missed: b\n" in capsys.readouterr().out


def test_a_row_that_cannot_be_measured_is_missed_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (Row("a", "first", Target(0.5), broken), Row("b", "second", Target(0.5), measured))

    assert run(monkeypatch, *rows) == 1
    printed = capsys.readouterr().out
    assert "it did not start" in printed
    assert "met  b" in printed
    assert "missed: a\n" in printed


def test_only_the_named_rows_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (Row("a", "first", Target(0.5), broken), Row("b", "second", Target(0.5), measured))

    assert run(monkeypatch, *rows, arguments=("--only", "b")) == 0


def test_the_results_are_written_as_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    rows = (Row("a", "first", Target(0.5), measured), Row("b", "second", Target(0.5), broken))

    run(monkeypatch, *rows, arguments=("--json", str(file)))

    first, second = json.loads(file.read_text())["rows"]
    assert (first["verdict"], first["value"]) == ("met", 0.9)
    assert [side["rate"] for side in first["sides"]] == [900.0, 1_000.0]
    assert (second["verdict"], second["failure"]) == ("failed", "it did not start")
