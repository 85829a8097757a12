"""The indicators of the guide, computed from the story, and the objectives."""

from typing import Any

import pytest

from mappings.sesame.measures.indicators import INDICATORS
from tests.interactions.client import Client
from tests.mappings.pathway.list_responses import role_of
from tests.mappings.pathway.plans import UNTIL_ASSESSED, begin, lacking, sent, tell, update
from tests.mappings.pathway.referrals import move, refer
from tests.mappings.validity import GUIDE, assert_valid

YEAR = "periodStart=2025-01-01&periodEnd=2025-12-31"


@pytest.fixture
def told(client: Client) -> Client:
    """The whole story: referred, assessed on 13 January 2025, two sequences, out on 12 July."""
    tell(client)
    return client


def evaluated(client: Client, measure: str, query: str = YEAR) -> dict[str, Any]:
    report: dict[str, Any] = sent(client.get(f"Measure/{measure}/$evaluate-measure?{query}")).content
    assert report["measure"] == GUIDE.canonical("Measure", measure)
    return report


def counts(report: dict[str, Any], place: int = 0) -> list[int]:
    return [population["count"] for population in report["group"][place]["population"]]


def score(report: dict[str, Any], place: int = 0) -> str | None:
    value = report["group"][place].get("measureScore", {}).get("value")
    return None if value is None else str(value if isinstance(value, int) else bytes(value).decode())


def test_every_measure_of_the_guide_has_its_indicator() -> None:
    assert set(INDICATORS) == {
        resource["id"] for resource in GUIDE.resources if resource["resourceType"] == "Measure"
    }


@pytest.mark.parametrize(
    ("measure", "populations", "value"),
    [
        ("acceptation", [1, 1, 1], "1.0000"),
        ("refus", [1, 1, 0], "0.0000"),
        ("file-active", [0], None),
        ("perdus-de-vue", [1, 1, 0], "0.0000"),
        ("contacts", [1, 1], "6.00"),
        ("quatre-contacts", [1, 1, 1], "1.0000"),
        ("revue-de-cas", [1, 0, 0], None),
        ("reponse", [1, 1, 1], "1.0000"),
        ("remission", [1, 1, 1], "1.0000"),
        ("satisfaction", [1, 1, 0], "0.0000"),
        ("duree", [1, 1], "180.00"),
        ("revues-par-parcours", [1, 1], "0.00"),
        ("delai-premiere-sequence", [1, 1], "7.00"),
        ("delai-premier-contact", [1, 1], "7.00"),
    ],
)
def test_the_story_is_counted(told: Client, measure: str, populations: list[int], value: str | None) -> None:
    report = evaluated(told, measure)
    assert (counts(report), score(report)) == (populations, value)


def test_groups_are_counted_apart(told: Client) -> None:
    billed = evaluated(told, "sequences-facturees")
    assert [group["code"]["coding"][0]["code"] for group in billed["group"]] == ["classique", "leger"]
    assert [counts(billed, 0), counts(billed, 1)] == [[2], [0]]
    assert [score(billed, 0), score(billed, 1)] == ["1216.00", "0"]
    tracks = evaluated(told, "repartition")
    assert [counts(tracks, 0), counts(tracks, 1)] == [[2], [0]]
    included = evaluated(told, "inclusions")
    assert [counts(included, 0), counts(included, 1)] == [[1], [0]]
    scores = evaluated(told, "phq9")
    assert [score(scores, 0), score(scores, 1)] == ["17.00", "4.00"]


def test_what_an_episode_came_to_is_looked_at_on_the_last_day(told: Client) -> None:
    half = "periodStart=2025-01&periodEnd=2025-05-31"
    assert counts(evaluated(told, "reponse", half)) == [1, 1, 0]
    assert counts(evaluated(told, "revue-de-cas", half)) == [1, 1, 0]
    active = evaluated(told, "file-active", half)
    assert counts(active) == [1]
    (stratum,) = active["group"][0]["stratifier"][0]["stratum"]
    assert stratum["value"]["text"] == f"PractitionerRole/{role_of(told)}"


def test_periods_may_be_years_and_months(told: Client) -> None:
    assert counts(evaluated(told, "duree", "periodStart=2025&periodEnd=2025")) == [1, 1]
    assert counts(evaluated(told, "duree", "periodStart=2025-02&periodEnd=2025-06")) == [0, 0]
    assert counts(evaluated(told, "duree", "periodStart=2025-02&periodEnd=2025-07")) == [1, 1]


def test_a_referral_in_error_was_none(client: Client) -> None:
    refer(client)
    assert counts(evaluated(client, "refus")) == [1, 1, 0]
    sent(move(client, "entered-in-error"))
    assert counts(evaluated(client, "refus")) == [0, 0, 0]


def test_a_cancelled_claim_is_not_counted(told: Client) -> None:
    before = counts(evaluated(told, "sequences-facturees"))
    claim = told.get("Claim").entries[0]["resource"]
    cancelled = lacking(claim, "meta") | {"status": "cancelled"}
    update(told, cancelled)
    assert counts(evaluated(told, "sequences-facturees")) == [before[0] - 1]


@pytest.mark.parametrize("measure", sorted(INDICATORS))
def test_each_part_of_the_programme_is_counted_apart(told: Client, measure: str) -> None:
    nurse = role_of(told)
    site = told.get(f"PractitionerRole/{nurse}").content["organization"]["reference"]
    whole = counts(evaluated(told, measure))
    mine = [
        counts(evaluated(told, measure, f"{YEAR}&{part}"))
        for part in (f"practitioner={nurse}", f"site={site}")
    ]
    others = [
        counts(evaluated(told, measure, f"{YEAR}&{part}"))
        for part in ("practitioner=none", "site=none", "department=00")
    ]
    expected = whole[:2] if measure == "satisfaction" else whole
    assert mine == [expected, expected]
    assert all(not any(found) for found in others)


def test_a_department_is_that_of_the_sites(told: Client) -> None:
    assert counts(evaluated(told, "contacts", f"{YEAR}&department=99")) == [1, 1]


def test_reports_satisfy_the_profile(told: Client) -> None:
    for measure in INDICATORS:
        for kind in ("population", "subject-list"):
            report = evaluated(told, measure, f"{YEAR}&reportType={kind}")
            assert_valid(report)


def test_a_subject_list_names_the_subjects(told: Client) -> None:
    report = evaluated(told, "reponse", f"{YEAR}&reportType=subject-list")
    episode = told.get("EpisodeOfCare").ids[0]
    assert report["type"] == "subject-list"
    for listed in report["contained"]:
        assert [entry["item"]["reference"] for entry in listed["entry"]] == [f"EpisodeOfCare/{episode}"]
    assert "contained" not in evaluated(told, "reponse")


def test_the_measure_may_be_a_parameter(told: Client) -> None:
    for named in ("reponse", GUIDE.canonical("Measure", "reponse"), "Measure/reponse"):
        answer = sent(told.get(f"Measure/$evaluate-measure?measure={named}&{YEAR}"))
        assert counts(answer.content) == [1, 1, 1]


def test_the_dashboard_is_all_of_them(told: Client) -> None:
    reports = [entry["resource"] for entry in sent(told.get(f"$sesame-dashboard?{YEAR}")).entries]
    counted = [one["measure"].rpartition("/")[2] for one in reports if "reference" in one["reporter"]]
    assert counted == list(INDICATORS)
    for report in reports:
        assert_valid(report)


def test_both_documents_state_their_objective_for_the_end_of_2024(client: Client) -> None:
    reports = [
        entry["resource"]
        for entry in sent(client.get("$sesame-dashboard?periodStart=2023-09&periodEnd=2024-12")).entries
    ]
    stated: dict[tuple[str, str], int] = {}
    for report in reports:
        source = report["reporter"]["display"]
        if source != "SÉSAME":
            key = source.partition(",")[0].partition(" du")[0], report["measure"].rpartition("/")[2]
            stated[key] = stated.get(key, 0) + sum(
                counts(report, place)[0] for place in range(len(report["group"]))
            )
    assert stated == {
        ("Avis", "sequences-facturees"): 1810,
        ("Avis", "inclusions"): 1163,
        ("Quartet Santé", "sequences-facturees"): 1362,
        ("Quartet Santé", "inclusions"): 874,
    }


def test_a_part_of_the_programme_has_no_objective(told: Client) -> None:
    entries = sent(told.get(f"$sesame-dashboard?{YEAR}&department=99")).entries
    assert len(entries) == len(INDICATORS)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("Measure/reponse/$evaluate-measure", 400, "periodStart"),
        ("Measure/reponse/$evaluate-measure?periodEnd=2025", 400, "periodStart"),
        ("Measure/reponse/$evaluate-measure?periodStart=2025", 400, "periodEnd"),
        ("Measure/reponse/$evaluate-measure?periodStart=2025&periodEnd=2024", 400, "ends before it begins"),
        ("Measure/reponse/$evaluate-measure?periodStart=soon&periodEnd=2024", 400, "no date"),
        ("Measure/reponse/$evaluate-measure?periodStart=2024&periodEnd=20241231", 400, "no date"),
        (f"Measure/reponse/$evaluate-measure?{YEAR}&reportType=subject", 400, "one of population"),
        (f"Measure/unknown/$evaluate-measure?{YEAR}", 404, "no Measure of the guide"),
        (f"Measure/$evaluate-measure?{YEAR}", 404, "no Measure of the guide"),
        (f"$sesame-dashboard?{YEAR}&ide=1", 400, "not a parameter"),
        (f"$sesame-dashboard?{YEAR}&department=Yvelines", 400, "the number of a département"),
    ],
)
def test_a_wrong_question_is_refused(client: Client, path: str, status: int, said: str) -> None:
    answer = client.get(path)
    assert (answer.status, said in answer.diagnostics) == (status, True), answer.content


def test_a_sequence_belongs_to_the_period_of_its_first_day(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, "2025-01-31", "2025-04-29"))
    january, february = ("periodStart=2025-01&periodEnd=2025-01", "periodStart=2025-02&periodEnd=2025-04")
    assert counts(evaluated(client, "sequences-facturees", january)) == [1]
    assert counts(evaluated(client, "sequences-facturees", february)) == [0]
