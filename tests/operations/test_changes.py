"""$changes: every committed version once, in order, resumable."""

import pytest

from fhir_server.core.page_tokens import PageTokens
from tests.interactions.client import Client, patient

ORGANISATION = {"resourceType": "Organization"}
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


def urls(answer: object) -> list[tuple[str, str]]:
    entries = answer.entries  # type: ignore[attr-defined]
    return [(entry["request"]["method"], entry["fullUrl"].rpartition("/")[2]) for entry in entries]


def test_every_version_comes_once_in_order(client: Client) -> None:
    first, second = client.post("Patient", patient()).id, client.post("Patient", patient()).id
    client.put(f"Patient/{first}", patient(id=first))
    client.post("Basic", BASIC)
    client.delete(f"Patient/{second}")
    expected = [("POST", first), ("POST", second), ("PUT", first), ("DELETE", second)]
    seen, url = [], "Patient/$changes?_count=3"
    for _ in range(2):
        page = client.get(url)
        seen += urls(page)
        url = page.link("next") or ""
    assert seen == expected


def test_an_empty_page_has_a_cursor_to_go_on_with(client: Client) -> None:
    page = client.get("Patient/$changes")
    assert page.entries == []
    id = client.post("Patient", patient()).id
    again = client.get(page.link("next") or "")
    assert urls(again) == [("POST", id)]
    assert client.get(again.link("next") or "").entries == []
    assert client.get(page.link("next") or "").ids == [id]


def test_the_whole_system_has_changes_too(client: Client) -> None:
    client.post("Patient", patient())
    client.post("Basic", BASIC)
    assert len(client.get("$changes").entries) == 2


def test_each_version_tells_what_its_request_was_answered_with(client: Client) -> None:
    url = "Patient/p"
    statuses = [client.put(url, patient(id="p", gender=gender)).status for gender in ("male", "female")]
    statuses += [client.delete(url).status, client.put(url, patient(id="p")).status]
    assert statuses == [201, 200, 204, 201]
    told, link = [], "Patient/$changes?_count=3"
    for _ in range(2):
        page = client.get(link)
        told += [entry["response"]["status"][:3] for entry in page.entries]
        link = page.link("next") or ""
    assert told == ["201", "200", "204", "201"]
    assert [e["response"]["status"][:3] for e in client.get(f"{url}/_history").entries] == told[::-1]


@pytest.mark.parametrize("query", ["after=forged", "_count=-1", "since=x"])
def test_bad_parameters_are_refused(client: Client, query: str) -> None:
    assert client.get(f"Patient/$changes?{query}").status == 400


def test_a_cursor_of_another_type_is_refused(client: Client) -> None:
    link = client.get("Patient/$changes").link("next")
    assert link is not None
    assert client.get(link.replace("/Patient/", "/Basic/")).status == 400


def test_a_cursor_from_before_a_restore_is_gone(client: Client) -> None:
    tokens = PageTokens(client.engine.store.secret)
    cursor = "c" + tokens.seal(("another epoch", 0), "Patient/$changes")
    answer = client.get(f"Patient/$changes?after={cursor}")
    assert answer.status == 410
    assert answer.content["issue"][0]["code"] == "expired"


def task(requester: str, **members: str) -> dict[str, object]:
    requested = {"resourceType": "Task", "status": "requested", "intent": "order"}
    return {**requested, "requester": {"reference": requester}, **members}


def test_criteria_choose_among_the_versions_of_a_type(client: Client) -> None:
    (one, other) = (
        f"Organization/{client.post('Organization', {**ORGANISATION, 'name': n}).id}" for n in "AB"
    )
    first, second = client.post("Task", task(one)).id, client.post("Task", task(other)).id
    client.put(f"Task/{first}", task(one, id=first, status="accepted"))
    client.put(f"Task/{second}", task(one, id=second, status="accepted"))
    client.delete(f"Task/{first}")
    page = client.get(f"Task/$changes?requester={one}&_count=2")
    assert urls(page) == [("POST", first), ("PUT", first)]
    page = client.get(page.link("next") or "")
    assert urls(page) == [("PUT", second), ("DELETE", first)]
    page = client.get(page.link("next") or "")
    assert page.entries == []
    client.post("Task", task(other))
    third = client.post("Task", task(one)).id
    assert urls(client.get(page.link("next") or "")) == [("POST", third)]


def test_a_chain_leads_to_what_is_there_now(client: Client) -> None:
    one = client.post("Organization", {**ORGANISATION, "name": "A"}).id
    id = client.post("Task", task(f"Organization/{one}")).id
    client.post("Task", task("Organization/unknown"))
    assert client.get("Task/$changes?requester:Organization.name=a").ids == [id]
    client.delete(f"Organization/{one}")
    assert client.get("Task/$changes?requester:Organization.name=a").ids == []


@pytest.mark.parametrize(
    ("criterion", "is_met"),
    [
        ("_tag=a", True),
        ("_tag:not=a", False),
        ("_tag:missing=false", True),
        ("_profile:below=https://example.org", False),
    ],
)
def test_a_criterion_of_every_type_may_have_a_modifier(client: Client, criterion: str, is_met: bool) -> None:
    id = client.post("Task", task("Organization/a") | {"meta": {"tag": [{"code": "a"}]}}).id
    answer = client.get(f"Task/$changes?{criterion}")
    assert (answer.status, answer.ids) == (200, [id] if is_met else [])


@pytest.mark.parametrize(
    "name",
    [
        "_sort",
        "_has:Task:focus:code",
        "_include",
        "nonsense",
        "part-of:above",
        "part-of._has:Task:focus:code",
        "part-of.part-of:above",
    ],
)
def test_what_is_no_criterion_is_refused(client: Client, name: str) -> None:
    assert client.get(f"Task/$changes?{name}=Task/1").status == 400
    assert client.get("$changes?status=requested").status == 400
