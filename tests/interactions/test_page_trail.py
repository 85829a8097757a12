"""The way back through the pages of searches, histories and operations."""

import msgspec
import pytest

from fhir_server.interactions.page_trail import BYTES_MAX, FIRST_PAGE, PageTrail
from tests.interactions.client import Answer, Client, patient

NAMES = ("Zoé", "Anna", "Luc", "Éva", "Max", "Anna", "")
WALKS = (
    "Patient?_count=2",
    "Patient?_sort=-family,birthdate&_count=2&_format=json",
    "Patient/_history?_count=2",
    "_history?_count=3&_elements=name",
    "Patient/$everything?_count=2",
)


@pytest.fixture
def filled(client: Client) -> Client:
    for name in NAMES:
        client.post("Patient", patient(name=[{"family": name}] if name else [{"given": ["Ali"]}]))
    return client


def walk(client: Client, url: str, relation: str) -> list[Answer]:
    """The pages from one on, as long as there is a link."""
    pages = [client.get(url)]
    while link := pages[-1].link(relation):
        pages.append(client.get(link))
    return pages


def shown(page: Answer) -> list[str]:
    return [entry["fullUrl"] for entry in page.entries]


@pytest.mark.parametrize("url", WALKS)
def test_every_page_leads_back_to_the_one_before(filled: Client, url: str) -> None:
    forth = walk(filled, url, "next")
    back = walk(filled, forth[-1].link("self") or "", "previous")
    assert len(forth) > 2
    assert [shown(page) for page in back] == [shown(page) for page in reversed(forth)]
    assert [page.link("first") is None for page in forth] == [True] + [False] * (len(forth) - 1)
    assert {shown(filled.get(page.link("first") or ""))[0] for page in forth[1:]} == {shown(forth[0])[0]}


def test_who_went_back_goes_on_as_before(filled: Client) -> None:
    forth = walk(filled, "Patient?_sort=family&_count=1", "next")
    fourth = filled.get(forth[4].link("previous") or "")
    assert [shown(page) for page in walk(filled, fourth.link("self") or "", "next")] == [
        shown(page) for page in forth[3:]
    ]


def test_pages_of_what_changed_meanwhile_lead_back_too(filled: Client) -> None:
    first = filled.get("Patient?_sort=family&_count=3")
    changed = first.entries[0]["resource"]
    filled.put(f"Patient/{changed['id']}", {**changed, "active": True})
    *_, last_sorted, moved = walk(filled, first.link("next") or "", "next")
    assert moved.ids == [changed["id"]]
    assert filled.get(moved.link("previous") or "").ids == last_sorted.ids


def test_links_say_how_the_client_wants_to_see_a_page(filled: Client) -> None:
    *_, last = walk(filled, "Patient?_count=2&_pretty=true", "next")
    assert all("_pretty=true" in (last.link(relation) or "") for relation in ("first", "previous"))


def test_a_trail_keeps_as_much_as_is_short() -> None:
    trail = FIRST_PAGE
    for number in range(1, 1_000):
        trail = trail.onward([f"key {number}", number] if number > 1 else None)
        assert trail.number == number + 1
    kept = len(trail.begins)
    assert trail.begins == tuple([f"key {number}", number] for number in range(1_000 - kept, 1_000))
    one_more = ([f"key {999 - kept}", 999 - kept], *trail.begins)
    assert len(msgspec.msgpack.encode(trail.begins)) <= BYTES_MAX < len(msgspec.msgpack.encode(one_more))
    assert PageTrail(3, (["a" * BYTES_MAX, 1],)).onward(["b", 2]).begins == (["b", 2],)


def test_too_far_back_there_is_but_the_first(client: Client) -> None:
    for number in range(8):
        client.post("Patient", patient(name=[{"family": f"{number}" * 200}]))
    *_, last = walk(client, "Patient?_sort=family&_count=1", "next")
    back = walk(client, last.link("self") or "", "previous")
    assert [page.entries[0]["resource"]["name"][0]["family"][0] for page in back] == ["7", "6", "5"]
    assert back[-1].link("first") == back[0].link("first")
