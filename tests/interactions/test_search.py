"""The Bundle around the matches; what matches is tested in tests/search.

https://hl7.org/fhir/R4/http.html#search
"""

import base64

import pytest

from fhir_server.core.limits import Limits
from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from tests.interactions.client import BASE, ZONE, Client, ClientFactory, identified, patient


def test_matches_come_in_a_searchset(client: Client) -> None:
    id = client.post("Patient", identified("a")).id
    client.post("Patient", identified("b"))
    answer = client.get("Patient?identifier=urn:ids|a")
    assert (answer.content["type"], answer.content["total"]) == ("searchset", 1)
    (entry,) = answer.entries
    assert entry["fullUrl"] == f"{BASE}/Patient/{id}"
    assert entry["search"] == {"mode": "match"}
    assert answer.link("self") == f"{BASE}/Patient?identifier=urn:ids%7Ca"


def test_post_search_is_the_same(client: Client) -> None:
    client.post("Patient", identified("a"))
    answer = client.post("Patient/_search?identifier=urn:ids|a")
    assert len(answer.entries) == 1
    assert answer.link("self") == f"{BASE}/Patient?identifier=urn:ids%7Ca"


def test_search_across_types(client: Client) -> None:
    client.post("Patient", patient())
    client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}})
    assert len(client.get("?_type=Patient,Basic").entries) == 2
    assert len(client.get("?_type=Basic").entries) == 1


def test_an_unknown_parameter_is_refused_with_the_valid_ones(client: Client) -> None:
    answer = client.get("Patient?identifer=x")
    assert answer.status == 400
    assert "identifer" in answer.diagnostics
    assert "identifier" in answer.diagnostics


def test_under_lenient_handling_it_is_ignored_and_said(client: Client) -> None:
    client.post("Patient", patient())
    answer = client.get("Patient?colour=red&_count=5", lenient=True)
    assert answer.status == 200
    modes = [entry["search"]["mode"] for entry in answer.entries]
    assert modes == ["match", "outcome"]
    assert "colour" in answer.entries[1]["resource"]["issue"][0]["diagnostics"]
    assert answer.link("self") == f"{BASE}/Patient?_count=5"


def test_pages_hold_every_resource_once_while_others_write(client: Client) -> None:
    ids = [client.post("Patient", patient()).id for _ in range(7)]
    seen: list[str] = []
    url = "Patient?_count=3&name=durand"
    while url:
        page = client.get(url)
        seen += page.ids
        client.post("Patient", patient())
        client.put(f"Patient/{ids[-1]}", patient(id=ids[-1], active=True))
        url = page.link("next") or ""
    assert seen == ids


def test_every_page_tells_the_total_of_the_first(client: Client) -> None:
    for _ in range(3):
        client.post("Patient", patient())
    first = client.get("Patient?_count=1")
    client.post("Patient", patient())
    second = client.get(first.link("next") or "")
    third = client.get(second.link("next") or "")
    assert [page.content["total"] for page in (first, second, third)] == [3, 3, 3]
    uncounted = client.get("Patient?_count=1&_total=none")
    assert "total" not in uncounted.content
    assert "total" not in client.get(uncounted.link("next") or "").content


def test_of_many_matches_the_total_is_told_only_to_those_who_ask(client_with: ClientFactory) -> None:
    client = client_with(limits=Limits(total_max=2))
    for _ in range(3):
        client.post("Patient", patient())
    assert "total" not in client.get("Patient?_count=1").content
    for asked in ("_total=accurate", "_total=estimate", "_summary=count", "_totalMethod=count"):
        assert client.get(f"Patient?_count=1&{asked}").content["total"] == 3
    assert client.get("Patient?_count=0").content["total"] == 3
    assert client.get("Patient").content["total"] == 3


def test_page_links_show_no_search_value(client: Client) -> None:
    for _ in range(2):
        client.post("Patient", identified("275047512345678"))
    link = client.get("Patient?identifier=urn:ids|275047512345678&_count=1").link("next")
    assert link is not None
    token = link.partition("_page=")[2]
    assert "275047512345678" not in link
    assert b"275047512345678" not in base64.urlsafe_b64decode(token + "==")


def test_a_forged_or_foreign_page_is_refused(client: Client) -> None:
    for _ in range(2):
        client.post("Patient", patient())
    link = client.get("Patient?_count=1").link("next")
    assert link is not None
    assert client.get(link).status == 200
    assert client.get(link[:-3] + "AAA").status == 400
    assert client.get(link.replace("/Patient?", "/Encounter?")).status == 400
    assert client.get("Patient?_page=x").status == 400


@pytest.mark.parametrize("path", ["Patient?_count=2", "Patient/_history?_count=2"])
def test_nothing_can_be_added_to_a_link_to_a_page(client: Client, path: str) -> None:
    """It would be passed over in silence, and the page taken for what was asked."""
    for _ in range(3):
        client.post("Patient", patient())
    link = client.get(path).link("next")
    assert link is not None
    assert client.get(f"{link}&_format=json&_pretty=true").status == 200
    assert client.get(f"{link}&_count=50").ids == client.get(link).ids, "no more than 50, as clients add"
    for further in ("gender=male", "_count=1", "_count=x", link.partition("?")[2]):
        answer = client.get(f"{link}&{further}")
        assert answer.status == 400
        assert further.partition("=")[0] in answer.diagnostics


@pytest.mark.parametrize(
    "path",
    [
        "Patient?_count=1&gender=male",
        "Patient?_sort=-_id&_count=1&identifier:not=urn:ids|a,urn:ids|%2B b",
        "?_type=Patient&_count=1",
        "Patient/_history?_count=1&_since=2020",
        "Patient/$everything?_count=1",
    ],
)
def test_the_self_link_of_a_page_leads_to_it_again(client: Client, path: str) -> None:
    """R4: the self link of a page of its example names that page, and the search too.

    https://hl7.org/fhir/R4/http.html#paging
    """
    for _ in range(3):
        client.post("Patient", patient(gender="male"))
    first = client.get(path)
    second = client.get(first.link("next") or "")
    assert len(second.ids) == 1
    assert second.ids != first.ids
    assert (second.link("self") or "").startswith(f"{first.link('self')}&_page=")
    assert client.get(first.link("self") or "").ids == first.ids
    again = client.get(second.link("self") or "")
    assert (again.ids, again.link("self")) == (second.ids, second.link("self"))
    assert client.get(again.link("next") or "").ids == client.get(second.link("next") or "").ids


def test_nothing_can_be_added_to_a_page_of_everything(client: Client) -> None:
    for _ in range(2):
        client.post("Patient", patient())
    link = client.get("Patient/$everything?_count=1").link("next")
    assert client.get(f"{link}&_count=1").status == 200
    assert client.get(f"{link}&_since=2020").status == 400


def test_a_sorted_walk_does_not_lose_what_moves_behind_it(client: Client) -> None:
    for id, year in (("a", "1980"), ("b", "1981"), ("c", "1982"), ("d", "1983")):
        client.put(f"Patient/{id}", patient(id=id, birthDate=year))
    page = client.get("Patient?_sort=birthdate&_count=1")
    seen = page.ids
    client.put("Patient/d", patient(id="d", birthDate="1970"))
    client.put("Patient/c", patient(id="c", birthDate="1971"))
    client.put("Patient/new", patient(id="new", birthDate="1990"))
    while link := page.link("next"):
        page = client.get(link)
        seen += page.ids
    assert seen == ["a", "b", "c", "d"]
    assert page.content["total"] == 4


def test_includes_come_once_and_marked(client: Client) -> None:
    id = client.post("Patient", patient()).id
    encounter = {
        "resourceType": "Encounter",
        "status": "planned",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{id}"},
    }
    for _ in range(3):
        client.post("Encounter", encounter)
    answer = client.get("Encounter?_include=Encounter:subject")
    modes = [entry["search"]["mode"] for entry in answer.entries]
    assert modes == ["match"] * 3 + ["include"]
    assert answer.content["total"] == 3
    reverse = client.get(f"Patient?_id={id}&_revinclude=Encounter:subject")
    assert [entry["search"]["mode"] for entry in reverse.entries] == ["match"] + ["include"] * 3


def test_an_include_gives_the_version_that_is_referred_to(client: Client) -> None:
    id = client.post("Patient", patient(active=True)).id
    client.put(f"Patient/{id}", patient(id=id, active=False))
    condition = {"resourceType": "Condition", "subject": {"reference": f"Patient/{id}/_history/1"}}
    client.post("Condition", condition)
    (_, old) = client.get("Condition?_include=Condition:subject").entries
    assert old["resource"]["meta"]["versionId"] == "1"
    assert (old["resource"]["active"], old["search"]["mode"]) == (True, "include")
    client.post("Condition", condition | {"subject": {"reference": f"Patient/{id}"}})
    answer = client.get("Condition?_include=*")
    versions = [entry["resource"]["meta"]["versionId"] for entry in answer.entries[2:]]
    assert sorted(versions) == ["1", "2"]
    assert len(client.get("Condition?_include=Condition:subject:Group").entries) == 2


def test_elements_do_not_apply_to_what_is_included(client: Client) -> None:
    id = client.post("Patient", patient(active=True)).id
    client.post("Condition", {"resourceType": "Condition", "subject": {"reference": f"Patient/{id}"}})
    (match, included) = client.get("Condition?_elements=subject&_include=Condition:subject").entries
    assert match["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert included["resource"]["active"] is True
    assert "tag" not in included["resource"]["meta"]


def test_capped_includes_are_said(client_with: ClientFactory) -> None:
    client = client_with(limits=Limits(include_max=2))
    id = client.post("Patient", patient()).id
    condition = {"resourceType": "Condition", "subject": {"reference": f"Patient/{id}"}}
    for _ in range(3):
        client.post("Condition", condition)
    answer = client.get(f"Patient?_id={id}&_revinclude=Condition:subject")
    assert [entry["search"]["mode"] for entry in answer.entries] == ["match", "include", "include", "outcome"]


@pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
def test_counts_come_without_entries(client: Client, query: str) -> None:
    for _ in range(3):
        client.post("Patient", patient())
    answer = client.get(f"Patient?{query}")
    assert (answer.content["total"], answer.entries) == (3, [])


@pytest.mark.parametrize("path", ["", "Patient", "Patient/a/Condition"])
def test_a_search_by_get_may_have_the_path_of_one_by_post(client: Client, path: str) -> None:
    """R4 has POST there alone; clients that always add `_search` ask by GET as well."""
    client.put("Patient/a", patient(id="a"))
    client.post("Condition", {"resourceType": "Condition", "subject": {"reference": "Patient/a"}})
    query = "_lastUpdated=ge2020&_count=1"
    answer, asked = client.get(f"{path}/_search?{query}"), client.get(f"{path}?{query}")
    assert answer.ids == asked.ids != []
    assert answer.link("self") == asked.link("self")
    assert client.get(answer.link("next") or f"{path}/_search?_count=0").status == 200


def test_parts_of_matches(client: Client) -> None:
    client.post("Patient", patient(contact=[{"name": {"text": "Aidant"}}], active=True))
    (summary,) = client.get("Patient?_summary=true").entries
    assert ("contact" in summary["resource"], summary["resource"]["active"]) == (False, True)
    (entry,) = client.get("Patient?_elements=active").entries
    assert client.get("Patient?_elements=resourceType,active").entries == [entry]
    assert "contact" not in entry["resource"]
    assert entry["resource"]["active"] is True
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.parametrize(
    ("elements", "is_there"),
    [
        ("multipleBirth", True),
        ("multipleBirth[x]", True),
        ("multipleBirthBoolean", True),
        ("multipleBirthInteger", False),
    ],
)
def test_an_element_of_several_types_goes_by_several_names(
    client: Client, elements: str, is_there: bool
) -> None:
    id = client.post("Patient", patient(multipleBirthBoolean=True)).id
    (entry,) = client.get(f"Patient?_elements={elements}").entries
    assert ("multipleBirthBoolean" in entry["resource"]) is is_there
    assert client.get(f"Patient/{id}?_elements=Patient.{elements}").content == entry["resource"]
    assert "name" not in entry["resource"]


def test_accents_do_not_change_the_order_of_matches(client: Client) -> None:
    for family in ("Moreau", "Bernard", "Élie"):
        client.post("Patient", patient(name=[{"family": family}]))
    for order, expected in (
        ("family", ["Bernard", "Élie", "Moreau"]),
        ("-family", ["Moreau", "Élie", "Bernard"]),
    ):
        entries = client.get(f"Patient?_sort={order}").entries
        assert [entry["resource"]["name"][0]["family"] for entry in entries] == expected


def test_sorted_pages_join_up(client: Client) -> None:
    for family in ("C", "A", "B", "A", "D"):
        client.post("Patient", patient(name=[{"family": family}]))
    client.post("Patient", {"resourceType": "Patient"})
    whole = client.get("Patient?_sort=-family&_count=50").ids
    paged: list[str] = []
    url = "Patient?_sort=-family&_count=2"
    while url:
        page = client.get(url)
        paged += page.ids
        url = page.link("next") or ""
    assert paged == whole
    assert len(paged) == 6


@pytest.mark.parametrize(
    ("value_set", "total"),
    [
        ("https://example.org/ValueSet/suites", 1),
        ("ValueSet/suites", 1),
        (f"{BASE}/ValueSet/suites", 1),
        ("ValueSet/others", 0),
        ("ValueSet/nobody", None),
        ("https://elsewhere.example/fhir/ValueSet/suites", None),
    ],
)
def test_a_value_set_is_named_by_its_url_or_its_address(
    client: Client, value_set: str, total: int | None
) -> None:
    for id, code in (("suites", "a"), ("others", "b")):
        compose = {"include": [{"system": "urn:codes", "concept": [{"code": code}]}]}
        url = f"https://example.org/ValueSet/{id}"
        listed = {"resourceType": "ValueSet", "id": id, "url": url, "status": "active", "compose": compose}
        assert client.put(f"ValueSet/{id}", listed).status == 201
    coded = {"coding": [{"system": "urn:codes", "code": "a"}]}
    client.post("Condition", {"resourceType": "Condition", "subject": {"display": "x"}, "code": coded})
    answer = client.get(f"Condition?code:in={value_set}")
    assert (answer.status, answer.content.get("total")) == (400 if total is None else 200, total)


def test_a_server_is_known_by_each_of_its_addresses(client_with: ClientFactory, registry: Registry) -> None:
    """Without a base URL that is its own, a reference below any of its addresses is to itself."""
    here = "http://localhost:8080/fhir"
    client = client_with(extractor=Extractor(registry, ZONE, addresses=(here,)))
    basic = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": f"{here}/Patient/1"}}
    id = client.post("Basic", basic).id
    for value in ("Patient/1", f"{here}/Patient/1", f"{BASE}/Patient/1"):
        assert client.get(f"Basic?subject={value}").ids == [id]
        again = client.post("Basic", basic, if_none_exist=f"subject={value}")
        assert (again.status, again.id) == (200, id)
    assert client.get("Basic?subject=http://elsewhere.example/fhir/Patient/1").ids == []
