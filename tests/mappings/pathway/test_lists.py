"""The nurse's caseload and the agenda of the case review, computed from the stored resources."""

from dataclasses import replace
from typing import Any

import pytest

from fhir_server.core.request import FhirRequest
from mappings.sesame.caseload.fact_reader import FactReader
from mappings.sesame.plug_ins import plug_ins
from tests.interactions.client import BASE, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.list_responses import lines, psychiatrist_of, role_of, table
from tests.mappings.pathway.plans import lacking, sent, tell, update
from tests.mappings.validity import GUIDE, assert_valid


@pytest.fixture
def told(client: Client) -> Client:
    """The whole story: assessed on 13 January 2025, out on 12 July."""
    tell(client)
    return client


def active(client: Client, day: str, nurse: str | None = None) -> list[dict[str, Any]]:
    answer = sent(client.get(f"PractitionerRole/{nurse or role_of(client)}/$file-active?date={day}"))
    return lines(answer.content)


def agenda(client: Client, day: str, **thresholds: str) -> list[dict[str, Any]]:
    asked = "".join(f"&{name.replace('_', '-')}={value}" for name, value in thresholds.items())
    return lines(sent(client.get(f"PractitionerRole/$case-review-list?date={day}{asked}")).content)


def alert(client: Client, status: str = "active") -> None:
    period = {"start": "2025-02-01"} | ({"end": "2025-02-20"} if status == "inactive" else {})
    flag = {
        "resourceType": "Flag",
        "id": "alert",
        "status": status,
        "code": GUIDE.concept("sesame-flag-code", "suicide-risk"),
        "subject": {"reference": client.get("EpisodeOfCare").entries[0]["resource"]["patient"]["reference"]},
        "period": period,
    }
    sent(client.put("Flag/alert", flag))


def test_the_caseload_tells_where_each_patient_stands(told: Client) -> None:
    (line,) = active(told, "2025-06-01")
    assert line["patient"]["display"] == "TEST-SÉSAME Camille"
    assert (line["track"], line["rank"], line["sequence-end"]) == ("classique", 2, "2025-07-12")
    assert (line["scale"], line["baseline-score"], line["last-score"]) == ("PHQ-9", 17, 9)
    assert line["change-percent"] == -47
    assert line["days-in-care"] == 139
    assert line["suicide-alert"] is False


def test_the_caseload_is_that_of_the_day(told: Client) -> None:
    assert active(told, "2025-01-12") == []
    (before,) = active(told, "2025-02-01")
    assert (before["rank"], before["last-score"], before["contacts"]) == (1, 17, 1)
    assert active(told, "2025-07-12") == []


def test_the_caseload_is_that_of_the_nurse(told: Client) -> None:
    roles = [entry["resource"]["id"] for entry in told.get("PractitionerRole").entries]
    seen = {role: len(active(told, "2025-03-01", role)) for role in roles}
    assert seen == {role: int(role == role_of(told)) for role in roles}
    assert told.get("PractitionerRole/none/$file-active").status == 404


def test_the_list_is_sound(told: Client) -> None:
    for day, empty in (("2025-06-01", (False, 1)), ("2020-01-01", (True, 0))):
        content = sent(told.get(f"PractitionerRole/{role_of(told)}/$file-active?date={day}")).content
        for entry in content["entry"]:
            assert_valid(entry["resource"])
        listed = content["entry"][0]["resource"]
        assert ("emptyReason" in listed, len(listed.get("entry", ()))) == empty
    assert_valid(sent(told.get("PractitionerRole/$case-review-list?date=2025-06-01")).content)


def test_the_table_says_the_same(told: Client) -> None:
    (row,) = table(told, f"PractitionerRole/{role_of(told)}/$file-active?date=2025-06-01&output=csv")
    assert row["nom"] == "TEST-SÉSAME Camille"
    assert (row["score_initial"], row["score_actuel"], row["evolution_pourcent"]) == ("17", "9", "-47")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_table_is_a_formula(told: Client, start: str) -> None:
    patient = told.get("Patient").entries[0]["resource"]
    name = [patient["name"][0] | {"family": f'{start}HYPERLINK("https://evil.example")'}]
    plain = {member: value for member, value in patient.items() if member != "meta"} | {"name": name}
    update(told, plain)
    for path in (f"{role_of(told)}/$file-active", "$case-review-list"):
        (row,) = table(told, f"PractitionerRole/{path}?date=2025-03-24&output=csv")
        assert row["nom"].startswith(f"'{start}HYPERLINK")


@pytest.mark.parametrize(
    ("day", "step"),
    [("2025-01-20", "contact"), ("2025-04-01", "renew-or-exit")],
)
def test_the_next_step_follows_from_what_has_happened(told: Client, day: str, step: str) -> None:
    (line,) = active(told, day)
    assert line["next-step"] == step
    assert line["next-step-text"]


def test_what_the_assessment_found_is_no_case_review(told: Client) -> None:
    (assessment,) = told.get("Encounter?type=initial-assessment").entries
    found = {
        "resourceType": "ClinicalImpression",
        "id": "found",
        "status": "completed",
        "subject": assessment["resource"]["subject"],
        "encounter": {"reference": f"Encounter/{assessment['resource']['id']}"},
        "date": "2025-03-20",
        "summary": "Épisode modéré.",
    }
    sent(told.put("ClinicalImpression/found", found))
    assert "no-review" in agenda(told, "2025-03-25")[0]["reasons"]
    alone = lacking(found, "encounter")
    sent(told.put("ClinicalImpression/found", alone))
    assert agenda(told, "2025-03-25")[0]["last-review"] == "2025-03-20"


def test_a_contact_that_names_no_episode_is_of_the_one_that_took_place(told: Client) -> None:
    for entry in told.get("Encounter?type=nurse-contact").entries:
        visit = lacking(entry["resource"], "meta", "episodeOfCare")
        update(told, visit)
    assert active(told, "2025-06-01")[0]["contacts"] > 0
    first = told.get("EpisodeOfCare").entries[0]["resource"]
    number = {"system": GUIDE.naming_system("episode"), "value": "2025-0001-again"}
    kept = {name: first[name] for name in ("resourceType", "patient", "managingOrganization", "careManager")}
    again = kept | {"status": "active", "identifier": [number], "period": {"start": "2025-09-01"}}
    sent(told.post("EpisodeOfCare", again))
    (line,) = active(told, "2025-10-01", role_of(told, first))
    assert (line["contacts"], "last-contact" in line) == (0, False)


def test_an_alert_is_the_next_step_while_it_holds(told: Client) -> None:
    alert(told)
    assert active(told, "2025-02-10")[0]["next-step"] == "handle-alert"
    assert active(told, "2025-01-20")[0]["next-step"] == "contact"
    alert(told, "inactive")
    assert active(told, "2025-02-10")[0]["suicide-alert"] is True
    assert active(told, "2025-02-20")[0]["suicide-alert"] is False


def test_what_is_deleted_is_no_longer_told(told: Client) -> None:
    assert active(told, "2025-06-01")[0]["last-score"] == 9
    for entry in told.get("Observation?value-quantity=9").entries or told.get("Observation").entries:
        if entry["resource"].get("valueInteger") == 9:
            assert told.delete(f"Observation/{entry['resource']['id']}").status in (200, 204)
    assert active(told, "2025-06-01")[0]["last-score"] == 17


@pytest.mark.parametrize(
    ("day", "thresholds", "reasons"),
    [
        ("2025-02-01", {}, []),
        ("2025-02-09", {"contact_days": "13"}, ["no-contact"]),
        ("2025-02-10", {"contact_days": "13"}, []),
        ("2025-03-14", {}, ["no-review"]),
        ("2025-03-14", {"review_days": "61"}, []),
        ("2025-03-24", {"review_days": "1000"}, ["not-improved"]),
        ("2025-03-24", {"review_days": "1000", "elevated_score": "18", "contact_days": "1000"}, []),
    ],
)
def test_each_reason_has_its_threshold(
    told: Client, day: str, thresholds: dict[str, str], reasons: list[str]
) -> None:
    found = agenda(told, day, **thresholds)
    assert [line["reasons"] for line in found] == ([reasons] if reasons else [])


def test_the_defaults_are_those_of_the_policy(pathway: Pathway) -> None:
    client = pathway(contact_days=5, review_days=1000)
    tell(client)
    (line,) = agenda(client, "2025-02-01")
    assert line["reasons"] == ["no-contact"]


def test_reasons_say_their_numbers_in_both_languages(told: Client) -> None:
    path = "PractitionerRole/$case-review-list?date=2025-03-24&review-days=1000"
    (english,), (french,) = (lines(told.get(path, language=language).content) for language in ("en", "fr"))
    assert english["texts"][0] == "Not measured since the start, 70 days ago: PHQ-9 17 then."
    assert french["texts"][0] == "Pas mesuré depuis le début, il y a 70 jours : PHQ-9 à 17 alors."


def test_the_agenda_begins_with_the_gravest(told: Client) -> None:
    alert(told)
    episode = told.get("EpisodeOfCare").entries[0]["resource"]
    flag = {"url": GUIDE.profile("case-review-flag"), "valueBoolean": True}
    changed = lacking(episode, "meta")
    update(told, changed | {"extension": [*episode["extension"], flag]})
    (line,) = agenda(told, "2025-03-25", contact_days="1")
    assert line["reasons"] == ["suicide-alert", "team-request", "not-improved", "no-review", "no-contact"]
    assert line["order"] == 1


def test_the_agenda_of_a_pair(told: Client) -> None:
    nurse, psychiatrist = role_of(told), psychiatrist_of(told)
    roles = [entry["resource"]["id"] for entry in told.get("PractitionerRole").entries]
    asked = "$case-review-list?date=2025-03-24"
    for role in roles:
        for path in (
            f"{nurse}/{asked}&psychiatrist={role}",
            f"{role}/{asked}&nurse=PractitionerRole/{nurse}",
        ):
            found = lines(sent(told.get(f"PractitionerRole/{path}")).content)
            pair = role == psychiatrist or (role == nurse and path.startswith(f"{role}/{asked}&nurse"))
            assert bool(found) == pair, path


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("date=today", "no date"),
        ("date=2026-W10-1", "no date"),
        ("date=20260301", "no date"),
        ("review-days=-1", "whole number"),
        ("contact-days=9999", "whole number"),
        ("output=xlsx", "one of json, csv"),
        ("nurse=Patient/1", "refers to a PractitionerRole"),
        ("threshold=1", "not a parameter"),
        ("date=2026-03-01&date=2026-04-01", "date is given more than once"),
    ],
)
def test_a_wrong_question_is_refused(client: Client, query: str, said: str) -> None:
    answer = client.get(f"PractitionerRole/$case-review-list?{query}")
    assert (answer.status, said in answer.diagnostics) == (400, True), answer.content
    assert answer.expressions == [f"http.{query.partition('=')[0]}"]


def test_without_a_date_it_is_today(told: Client) -> None:
    assert told.get("PractitionerRole/$case-review-list").content["parameter"][1]["valueUnsignedInt"] == 0


@pytest.mark.parametrize(
    "path", ["$sesame-dashboard", "$evaluation-export", "PractitionerRole/$case-review-list"]
)
def test_what_looks_at_everybody_is_known_to_take_long(client: Client, path: str) -> None:
    def request(url: str) -> FhirRequest:
        return FhirRequest("GET", tuple(url.split("/")), BASE)

    assert client.dispatcher.takes_long(request(path))
    assert not client.dispatcher.takes_long(request("Claim/$billing-feed"))
    assert not client.dispatcher.takes_long(request("Patient"))


def test_what_is_purged_is_no_longer_told(told: Client) -> None:
    (line,) = active(told, "2025-06-01")
    patient = line["patient"]["reference"].removeprefix("Patient/")
    assert told.engine.store.purge("Patient", patient)
    (after,) = active(told, "2025-06-01")
    assert "display" not in after["patient"]


def test_an_episode_that_was_cancelled_or_ended_without_a_date_is_not_open(told: Client) -> None:
    episode = told.get("EpisodeOfCare").entries[0]["resource"]
    kept = lacking(episode, "meta", "extension")
    for status in ("cancelled", "finished"):
        changed = kept | {"status": status, "period": {"start": "2025-01-13"}}
        update(told, changed)
        assert active(told, "2025-06-01", role_of(told)) == []


def test_what_was_prepared_is_not_read_again(told: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = plug_ins(None, {})
    prepared = Client(replace(told.engine, operations=plugged.operations))
    (prepare,) = plugged.preparations
    while prepare(prepared.engine):
        pass
    nurse = role_of(told)
    expected = active(told, "2025-06-01", nurse)

    def never(_reader: FactReader, resource: dict[str, Any]) -> Any:
        raise KeyError(resource["id"])

    monkeypatch.setattr(FactReader, "read", never)
    answer = sent(prepared.get(f"PractitionerRole/{nurse}/$file-active?date=2025-06-01"))
    assert lines(answer.content) == expected
    assert len(answer.entries) == 2


def test_what_cannot_be_read_is_told_and_stops_no_list(told: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    nurse, read = role_of(told), FactReader.read

    def failing(reader: FactReader, resource: dict[str, Any]) -> Any:
        if resource["resourceType"] == "Encounter":
            raise KeyError(resource["id"])
        return read(reader, resource)

    monkeypatch.setattr(FactReader, "read", failing)
    answer = sent(told.get(f"PractitionerRole/{nurse}/$file-active?date=2025-06-01")).content
    (line,) = lines(answer)
    assert (line["rank"], line["contacts"]) == (2, 0)
    outcome = answer["entry"][-1]["resource"]
    visits = {f"Encounter/{entry['resource']['id']}" for entry in told.get("Encounter?_count=100").entries}
    assert {issue["expression"][0] for issue in outcome["issue"]} == visits
    review = sent(told.get("PractitionerRole/$case-review-list?date=2025-06-01")).content
    unread = [
        parameter["valueReference"]["reference"]
        for parameter in review["parameter"]
        if parameter["name"] == "unread"
    ]
    assert set(unread) == visits
    rows = table(told, f"PractitionerRole/{nurse}/$file-active?date=2025-06-01&output=csv")
    assert [row["parcours"] == "" for row in rows] == [False, *[True] * len(visits)]
    period = "periodStart=2025-01-01&periodEnd=2025-12-31"
    dashboard = sent(told.get(f"$sesame-dashboard?{period}")).content
    kinds = {entry["resource"]["resourceType"] for entry in dashboard["entry"]}
    assert kinds == {"MeasureReport", "OperationOutcome"}
    measured = sent(told.get(f"Measure/file-active/$evaluate-measure?{period}")).content
    assert measured["status"] == "pending"


def test_what_is_corrected_is_no_longer_told(told: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_reader: FactReader, resource: dict[str, Any]) -> Any:
        raise KeyError(resource["id"])

    with monkeypatch.context() as patched:
        patched.setattr(FactReader, "read", failing)
        review = sent(told.get("PractitionerRole/$case-review-list")).content
        assert [parameter["name"] for parameter in review["parameter"]].count("unread") > 1
    for entry in told.get("Encounter?_count=100").entries:
        visit = entry["resource"]
        update(told, visit | {"language": "fr"})
    review = sent(told.get("PractitionerRole/$case-review-list")).content
    unread = [
        parameter["valueReference"]["reference"]
        for parameter in review["parameter"]
        if parameter["name"] == "unread"
    ]
    assert unread
    assert not [reference for reference in unread if reference.startswith("Encounter/")]
