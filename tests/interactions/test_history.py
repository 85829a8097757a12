"""https://hl7.org/fhir/R4/http.html#history"""

import time

import pytest

from tests.interactions.client import Client, patient


def versions(answer: object) -> list[str]:
    return [entry["request"]["method"] for entry in answer.entries]  # type: ignore[attr-defined]


def test_instance_history_is_newest_first(client: Client) -> None:
    id = client.post("Patient", patient()).id
    client.put(f"Patient/{id}", patient(id=id))
    client.delete(f"Patient/{id}")
    answer = client.get(f"Patient/{id}/_history")
    assert answer.content["type"] == "history"
    assert versions(answer) == ["DELETE", "PUT", "POST"]
    assert [entry["response"]["status"][:3] for entry in answer.entries] == ["204", "200", "201"]
    urls = [entry["request"]["url"] for entry in answer.entries]
    assert urls == [f"Patient/{id}", f"Patient/{id}", "Patient"]
    assert "resource" not in answer.entries[0]
    assert answer.content["total"] == 3


def test_a_patch_is_told_as_the_update_that_it_was(client: Client) -> None:
    id = client.post("Patient", patient()).id
    client.patch(f"Patient/{id}", [{"op": "add", "path": "/birthDate", "value": "1980"}])
    newest = client.get(f"Patient/{id}/_history").entries[0]
    assert newest["request"] == {"method": "PUT", "url": f"Patient/{id}"}
    assert newest["resource"]["birthDate"] == "1980"


def test_type_and_system_history(client: Client) -> None:
    client.post("Patient", patient())
    client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}})
    assert len(client.get("Patient/_history").entries) == 1
    assert len(client.get("_history").entries) == 2


def test_history_of_nobody_is_not_found(client: Client) -> None:
    assert client.get("Patient/nobody/_history").status == 404


def test_pages_hold_every_version_once_while_others_write(client: Client) -> None:
    for _ in range(7):
        client.post("Patient", patient())
    before = [entry["fullUrl"] for entry in client.get("Patient/_history?_count=100").entries]
    seen, url = [], "Patient/_history?_count=3"
    while url:
        page = client.get(url)
        seen += [entry["fullUrl"] for entry in page.entries]
        client.post("Patient", patient())
        url = page.link("next") or ""
    assert seen == before


def test_since_is_inclusive(client: Client) -> None:
    stamps = [client.post("Patient", patient()).content["meta"]["lastUpdated"] for _ in range(3)]
    found = client.get(f"Patient/_history?_since={stamps[-1]}").entries
    assert {entry["resource"]["meta"]["lastUpdated"] for entry in found} == {stamps[-1]}
    assert client.get("Patient/_history?_since=2100").entries == []


@pytest.mark.parametrize("name", ["_since", "_at", "_list", "_count"])
def test_a_parameter_given_twice_is_refused(client: Client, name: str) -> None:
    value = "2" if name == "_count" else "2020-01-01"
    answer = client.get(f"Patient/_history?{name}={value}&{name}={value}")
    assert answer.status == 400
    assert name in answer.diagnostics


def test_the_order_of_a_history_cannot_be_changed(client: Client) -> None:
    assert client.get("Patient/_history?_sort=-_lastUpdated").status == 200
    for order in ("_lastUpdated", "foo", ""):
        answer = client.get(f"Patient/_history?_sort={order}")
        assert (answer.status, answer.expressions) == (400, ["http._sort"])


@pytest.mark.parametrize("asked", ["name=x", "_since=x", "_at=ap2020", "_total=x", "_page=x"])
def test_a_refusal_says_which_parameter_is_wrong(client: Client, asked: str) -> None:
    answer = client.get(f"Patient/_history?{asked}")
    assert (answer.status, answer.expressions) == (400, [f"http.{asked.partition('=')[0]}"])


def test_the_total_of_a_history_is_told_whether_it_is_asked_for_or_not(client: Client) -> None:
    client.post("Patient", patient())
    for asked in ("accurate", "estimate", "none"):
        assert client.get(f"Patient/_history?_total={asked}&_count=1").content["total"] == 1
    assert client.get("Patient/_history?_total=exact").status == 400


def test_at_gives_what_was_current(client: Client) -> None:
    client.post("Patient", patient())
    assert len(client.get("Patient/_history?_at=2100").entries) == 1
    assert client.get("Patient/_history?_at=2000").entries == []


@pytest.mark.parametrize(
    ("at", "versions"),
    [
        ("gt{first}", [2, 1]),
        ("gt{second}", [2]),
        ("sa2100", [2]),
        ("ge{first}", [2, 1]),
        ("lt{first}", []),
        ("lt{second}", [1]),
        ("eb{second}", [1]),
        ("le{second}", [2, 1]),
        ("le{first}", [1]),
        ("eq{first}", [1]),
    ],
)
def test_at_takes_the_prefixes_of_a_date(client: Client, at: str, versions: list[int]) -> None:
    first = client.post("Patient", patient())
    time.sleep(0.002)
    second = client.put(f"Patient/{first.id}", patient(id=first.id))
    times = {"first": first.content["meta"]["lastUpdated"], "second": second.content["meta"]["lastUpdated"]}
    found = client.get(f"Patient/{first.id}/_history?_at={at.format(**times)}").entries
    assert [int(entry["resource"]["meta"]["versionId"]) for entry in found] == versions


@pytest.mark.parametrize(
    "query",
    [
        "_list=$current-problems",
        "_list=Patient/1",
        "_count=-1",
        "_count=x",
        "_since=yesterday",
        "_since=2020&_at=2020",
        "name=x",
        "_page=forged",
        "_at=",
        "_at=gt",
        "_at=ne2020",
        "_at=ap2020",
        "_since=gt2020",
    ],
)
def test_bad_parameters_are_refused(client: Client, query: str) -> None:
    assert client.get(f"Patient/_history?{query}").status == 400


def test_a_page_of_one_type_is_no_page_of_another(client: Client) -> None:
    for _ in range(2):
        client.post("Patient", patient())
    link = client.get("Patient/_history?_count=1").link("next")
    assert link is not None
    assert client.get(link.replace("Patient", "Encounter")).status == 400


def test_summary_and_elements_leave_parts_of_every_version(client: Client) -> None:
    id = client.post("Patient", patient(birthDate="1980", gender="male")).id
    client.put(f"Patient/{id}", patient(id=id, birthDate="1981", gender="male"))
    client.delete(f"Patient/{id}")
    page = client.get(f"Patient/{id}/_history?_elements=gender&_count=2")
    following = client.get(next(link["url"] for link in page.content["link"] if link["relation"] == "next"))
    shown = [one["resource"] for one in (*page.entries, *following.entries) if "resource" in one]
    assert [(one["gender"], one["meta"]["versionId"]) for one in shown] == [("male", "2"), ("male", "1")]
    assert all("birthDate" not in one and one["meta"]["tag"][0]["code"] == "SUBSETTED" for one in shown)
    count = client.get("_history?_summary=count").content
    assert (count["total"], "entry" in count) == (3, False)
    assert client.get("Patient/_history?_elements=colour").status == 400
    assert client.get("_history?_summary=some").status == 400


def test_an_update_after_a_deletion_was_answered_as_a_creation(client: Client) -> None:
    for _ in range(2):
        assert client.put("Patient/x", patient(id="x")).status == 201
        assert client.put("Patient/x", patient(id="x")).status == 200
        client.delete("Patient/x")
    asked = ("Patient/x/_history", "_history", "Patient/x/_history?_count=2")
    told = [[entry["response"]["status"][:3] for entry in client.get(url).entries] for url in asked]
    assert told == [["204", "200", "201"] * 2] * 2 + [["204", "200"]]
    since = client.get("Patient/x/_history?_count=3").entries
    assert since[2]["response"] == since[2]["response"] | {"status": "201 Created", "etag": 'W/"4"'}


def test_a_list_says_whose_history_is_wanted(client: Client) -> None:
    """All versions of what it refers to, or the one that it names.
    https://hl7.org/fhir/R4/http.html#history
    """
    for active in (False, True):
        for id in ("a", "b", "c"):
            client.put(f"Patient/{id}", patient(id=id, active=active))
    client.put("Basic/x", {"resourceType": "Basic", "id": "x", "code": {"text": "x"}})
    items = (
        "Patient/a",
        "Patient/b/_history/1",
        "Basic/x",
        "Patient/gone",
        "https://elsewhere.example/Patient/c",
    )
    entries = [{"item": {"reference": item}} for item in items]
    listing = {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "entry": entries}
    client.put("List/l", listing)
    assert told(client, "_history?_list=l&_count=2") == [
        "Basic/x/1",
        "Patient/a/2",
        "Patient/b/1",
        "Patient/a/1",
    ]
    assert told(client, "Patient/_history?_list=List/l&_count=1") == [
        "Patient/a/2",
        "Patient/b/1",
        "Patient/a/1",
    ]
    assert told(client, "Patient/b/_history?_list=l") == ["Patient/b/1"]
    assert told(client, "Patient/c/_history?_list=l") == []
    assert told(client, "_history?_list=nobody") == []
    assert told(client, "_history?_list=l&_since=2100") == []


def told(client: Client, path: str) -> list[str]:
    """The versions on all pages of a history, as many as its total says."""
    versions: list[str] = []
    while True:
        answer = client.get(path)
        resources = [entry["resource"] for entry in answer.entries]
        versions += [
            f"{resource['resourceType']}/{resource['id']}/{resource['meta']['versionId']}"
            for resource in resources
        ]
        path = answer.link("next") or ""
        if not path:
            assert answer.content["total"] == len(versions)
            return versions
