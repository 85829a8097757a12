"""$changes: every committed version once, in order, resumable."""

import pytest

from fhir_server.core.tokens import PageTokens
from tests.interactions.client import Client, patient

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


@pytest.mark.parametrize("query", ["after=forged", "_count=-1", "since=x"])
def test_bad_parameters_are_refused(client: Client, query: str) -> None:
    assert client.get(f"Patient/$changes?{query}").status == 400


def test_a_cursor_of_another_type_is_refused(client: Client) -> None:
    link = client.get("Patient/$changes").link("next")
    assert link is not None
    assert client.get(link.replace("/Patient/", "/Basic/")).status == 400


def test_a_cursor_from_before_a_restore_is_gone(client: Client) -> None:
    tokens = PageTokens(client.engine.store.secret)
    cursor = tokens.seal(("another epoch", 0), "Patient/$changes")
    answer = client.get(f"Patient/$changes?after={cursor}")
    assert answer.status == 410
    assert answer.content["issue"][0]["code"] == "expired"
