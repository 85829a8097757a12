"""Percentiles, ratios of paired rounds, and what counts as met."""

import pytest

from benchmarks.figures import Figure, Sample, Side, Spent, Target, percentile


def side(label: str, *rates: float, busy: float = 0.5) -> Side:
    return Side(label, "req/s", tuple(Sample(rate, 0.001, 0.002, busy, 1.0) for rate in rates))


@pytest.mark.parametrize(
    ("values", "rank", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(value) for value in range(1, 101)], 0.99, 99.0),
        ([float(value) for value in range(1, 101)], 1.0, 100.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], rank: float, expected: float) -> None:
    assert percentile(values, rank) == expected


def test_a_sample_counts_work_and_not_only_requests() -> None:
    sample = Sample.of([0.010, 0.020, 0.030, 0.040], seconds=2.0, spent=Spent(0.5, 1.5), weight=20)

    assert sample == Sample(
        rate=40.0, p50_seconds=0.020, p99_seconds=0.040, client_busy=0.25, server_busy=0.75
    )


def test_a_ratio_compares_rounds_that_ran_next_to_each_other() -> None:
    figure = Figure.ratio(side("product", 50, 30, 45), side("floor", 100, 50, 100))

    assert (figure.value, figure.low, figure.high) == (0.5, 0.45, 0.6)


def test_rounds_that_have_no_partner_are_an_error() -> None:
    with pytest.raises(ValueError):
        Figure.ratio(side("product", 50), side("floor", 100, 100))


def test_a_target_is_met_at_its_bound() -> None:
    half = Figure.of([0.5])

    assert Target(0.5).met(half)
    assert not Target(0.51).met(half)
    assert Target(0.5, at_least=False).met(half)
    assert not Target(0.49, at_least=False).met(half)


def test_the_margin_grows_on_the_good_side_of_either_bound() -> None:
    assert Target(0.5).margin(Figure.of([1.0])) == 2.0
    assert Target(1.5, at_least=False).margin(Figure.of([3.0])) == 0.5


def test_a_figure_that_the_client_limited_meets_no_target() -> None:
    figure = Figure.ratio(side("product", 90), side("floor", 100, busy=0.99))

    assert figure.doubt == "client-bound"
    assert not Target(0.1).met(figure)


def test_a_figure_whose_floor_did_not_have_its_core_meets_no_target() -> None:
    half = Side("floor", "req/s", (Sample(50.0, 0.001, 0.002, 0.4, server_busy=0.5),))
    figure = Figure.ratio(side("product", 90), half)

    assert figure.doubt == "disturbed"
    assert not Target(0.1).met(figure)


def test_a_product_that_waits_for_the_disk_is_no_reason_for_doubt() -> None:
    waiting = Side("product", "req/s", (Sample(50.0, 0.001, 0.002, 0.4, server_busy=0.5),))

    assert Target(0.5).met(Figure.ratio(waiting, side("floor", 100)))
