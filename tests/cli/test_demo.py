"""demo: a programme's synthetic cohort, into the store or into a running server."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.cli import bundle_sender
from fhir_server.cli.errors import CommandError

Run = Callable[..., Any]


def test_the_forecast_is_loaded_into_the_store_and_again_adds_nothing(run: Run) -> None:
    result = run("demo", "--cohort", "forecast", "--scale", "0.01")
    assert result.status == 0
    assert "entries of the cohort forecast sent" in result.out
    counted = run("doctor").out
    assert "Claim " in counted
    assert run("demo", "--cohort", "forecast", "--scale", "0.01").status == 0
    assert [line for line in run("doctor").out.splitlines() if "Claim " in line] == [
        line for line in counted.splitlines() if "Claim " in line
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cohort", "forcast"], "--cohort forcast: unknown. Known: forecast."),
        (["--cohort", "forecast", "--scale", "2"], "--scale: expected a scale from 0.01 to 1, not 2.0."),
        (
            ["--cohort", "forecast", "--scale", "0.01", "--base", "nonsense"],
            "--base nonsense: expected a URL",
        ),
        (["--cohort", "forecast", "--store", "memory:"], "memory: forgets everything"),
    ],
)
def test_misuse_is_told_in_one_line(run: Run, arguments: list[str], said: str) -> None:
    result = run("demo", *arguments)
    assert result.status in (1, 2)
    assert said in result.err
    assert result.err.count("\n") == 1


def test_groups_come_after_the_first_and_keep_their_order() -> None:
    sent: list[int] = []
    groups: list[tuple[dict[str, Any], ...]] = [({"entry": [{}], "number": 0},)]
    groups += [
        tuple({"entry": [{}, {}], "number": place * 10 + turn} for turn in range(3)) for place in (1, 2, 3)
    ]

    def post(bundle: dict[str, Any]) -> None:
        sent.append(bundle["number"])

    assert bundle_sender.send_groups(groups, post, clients=2) == 1 + 3 * 3 * 2
    assert sent[0] == 0
    for place in (1, 2, 3):
        of_group = [number for number in sent if number // 10 == place]
        assert of_group == [place * 10 + turn for turn in range(3)]


def test_what_one_client_is_refused_stops_the_delivery() -> None:
    def post(bundle: dict[str, Any]) -> None:
        if bundle["number"] == 7:
            raise CommandError("refused")

    groups = [({"entry": [], "number": number},) for number in range(20)]
    with pytest.raises(CommandError, match="refused"):
        bundle_sender.send_groups(groups, post, clients=3)
