"""The growth benchmark: which shapes are held to the bound, and the figure."""

import json

from benchmarks import report
from benchmarks.bench import Row
from benchmarks.figures import Sample, Target
from benchmarks.report import Result
from benchmarks.rows import growth
from benchmarks.rows.growth import Course
from benchmarks.shapes import Shape

TARGET = Target(growth.GROWTH_MAX, at_least=False, unit="times")


def course(name: str, *milliseconds: float, why_not: str = "") -> Course:
    """What took so long at 250, 1,000 and 16,000 patients, with a processor busy half of the time."""
    sizes = (250, 1_000, 16_000)
    shape = Shape(name, lambda n: f"Patient?_id={n}", why_not)
    samples = {
        size: [Sample(1_000 / time, time / 1_000, 2 * time / 1_000, 0.4, 0.5)]
        for size, time in zip(sizes, milliseconds, strict=True)
    }
    return Course(shape, samples)


COURSES = [
    course("identifier", 1.0, 2.0, 2.5),
    course("sorted page", 1.0, 2.0, 4.0),
    course("total", 1.0, 4.0, 64.0, why_not="counts every match"),
]


def test_the_figure_is_the_greatest_growth_of_what_is_held_to_it() -> None:
    figure = growth.figure(COURSES)

    assert (figure.low, figure.value, figure.high) == (1.25, 2.0, 2.0)
    assert not TARGET.met(figure)
    assert TARGET.met(growth.figure(COURSES[::2]))


def test_growth_is_told_by_rounds_so_that_a_slow_spell_spoils_but_its_own() -> None:
    """In the second round the machine was slow for all sizes, in the third for the greatest alone."""
    taken = {1_000: (1.0, 4.0, 1.0), 16_000: (1.2, 4.8, 9.0)}
    samples = {
        size: [Sample(1_000 / time, time / 1_000, time / 1_000, 0.4, 0.5) for time in times]
        for size, times in taken.items()
    }
    spoilt = Course(Shape("identifier", lambda n: f"Patient?_id={n}"), samples)

    assert (round(spoilt.growth(), 6), round(spoilt.growth_of_processor_time(), 6)) == (1.2, 1.2)


def test_the_table_tells_all_shapes_with_their_verdicts() -> None:
    table = growth.figure(COURSES).table

    assert table is not None
    assert table.heads == ("shape", "250", "1,000", "16,000", "growth", "of CPU", "verdict")
    assert table.lines == (
        ("identifier", "1.00/2.00", "2.00/4.00", "2.50/5.00", "1.25", "1.25", "met"),
        ("sorted page", "1.00/2.00", "2.00/4.00", "4.00/8.00", "2.00", "2.00", "MISSED"),
        ("total", "1.00/2.00", "4.00/8.00", "64.00/128.00", "16.00", "16.00", "not held: counts every match"),
    )


def test_the_table_stands_under_its_row_and_in_the_document() -> None:
    row = Row("growth", "searches", TARGET, lambda _: growth.figure(COURSES))
    result = Result(row, growth.figure(COURSES))

    lines = report.text(result).splitlines()
    assert lines[0].startswith("      MISSED  growth")
    assert lines[1].split() == ["shape", "250", "1,000", "16,000", "growth", "of", "CPU", "verdict"]
    assert lines[2].split() == ["identifier", "1.00/2.00", "2.00/4.00", "2.50/5.00", "1.25", "1.25", "met"]
    assert len({line.index("1.00/2.00") for line in lines[2:5]}) == 1
    (written,) = json.loads(report.document("here", [result]))["rows"]
    assert written["table"][0]["growth"] == "1.25"
