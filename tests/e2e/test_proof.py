"""`make proof` over HTTP, on a hundredth of the cohort."""

import pytest

from benchmarks.proof.__main__ import main

pytestmark = pytest.mark.e2e


def test_the_forecast_holds_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scale", "0.01"]) == 0
    told = capsys.readouterr().out
    assert "DIFFERS" not in told
    assert told.endswith("The forecast holds, to the euro.\n")
