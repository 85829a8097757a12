"""Scores and severity, read from the guide."""

import pytest

from mappings.sesame.guide import read_guide
from mappings.sesame.scales import read_scale

GUIDE = read_guide()


@pytest.mark.parametrize(
    ("id", "bounds"),
    [
        (
            "phq-9",
            {
                "minimal": (0, 4),
                "mild": (5, 9),
                "moderate": (10, 14),
                "moderately-severe": (15, 19),
                "severe": (20, 27),
            },
        ),
        ("gad-7", {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)}),
    ],
)
def test_severity_bands_cover_every_score(id: str, bounds: dict[str, tuple[int, int]]) -> None:
    scale = read_scale(GUIDE, id)
    assert {band.code: (band.low, band.high) for band in scale.bands} == bounds
    for score in range(len(scale.questions) * 3 + 1):
        band = scale.band(score)
        assert band is not None
        assert band.low <= score <= band.high


def test_a_score_beyond_the_scale_has_no_band() -> None:
    assert read_scale(GUIDE, "phq-9").band(28) is None


def test_the_phq_2_has_no_bands() -> None:
    scale = read_scale(GUIDE, "phq-2")
    assert scale.bands == ()
    assert scale.band(3) is None


@pytest.mark.parametrize(
    ("id", "questions", "total"), [("phq-9", 9, "44261-6"), ("gad-7", 7, "70274-6"), ("phq-2", 2, "55758-7")]
)
def test_questions_and_total(id: str, questions: int, total: str) -> None:
    scale = read_scale(GUIDE, id)
    assert len(scale.questions) == questions
    assert scale.total == total
    assert [option["code"] for option in scale.options] == ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]


def test_a_missing_answer_gives_no_score() -> None:
    scale = read_scale(GUIDE, "phq-9")
    assert scale.score([3] * 8) is None
    assert scale.score([3] * 9) == 27
