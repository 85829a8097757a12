"""Bundles whose entries do not hang together."""

from typing import Any

import pytest

from fhir_server.validation.checks.bundle import BundleCheck
from tests.validation.checks.runner import Runner

Element = dict[str, Any]

BASE = "https://example.org/fhir"
UUID = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"


def bundle(type: str, *entries: Element, **more: Any) -> Element:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries), **more}


def entry(type: str, id: str | None = None, full_url: str | None = None, **more: Any) -> Element:
    resource: Element = {"resourceType": type} | ({"id": id} if id else {}) | more
    found: Element = {"resource": resource}
    url = full_url or (f"{BASE}/{type}/{id}" if id else None)
    return found | ({"fullUrl": url} if url else {})


def problems(run: Runner, resource: Element) -> list[tuple[str, str | None, str]]:
    return run.found(BundleCheck(), resource)


# identity


@pytest.mark.parametrize(
    "one",
    [
        entry("Patient", "1"),
        entry("Patient", "1", UUID),
        entry("Patient", None, UUID),
        entry("Patient", "1", "urn:oid:1.2.3"),
        entry("ValueSet", "1", "https://example.org/other/thing"),
    ],
)
def test_full_urls_that_agree(run: Runner, one: Element) -> None:
    assert problems(run, bundle("collection", one)) == []


@pytest.mark.parametrize(
    "one",
    [
        {"resource": {"resourceType": "Patient", "id": "1"}},
        entry("Patient", "1", "Patient/1"),
        entry("Patient", "1", f"{BASE}/Patient/2"),
        entry("Patient", "1", f"{BASE}/Practitioner/1"),
        entry("Patient", None, f"{BASE}/Patient/1"),
        entry("ValueSet", "a", "https://example.org/vs", url="https://example.org/vs"),
    ],
)
def test_full_urls_that_do_not(run: Runner, one: Element) -> None:
    assert problems(run, bundle("collection", one)) == [("error", "full-url", "Bundle.entry[0].fullUrl")]


def test_requests_and_responses_may_go_without_full_url(run: Runner) -> None:
    assert problems(run, bundle("batch-response", {"response": {"status": "200"}})) == []


# links


def test_only_what_has_pages_links_to_pages(run: Runner) -> None:
    links = [{"relation": "self", "url": BASE}, {"relation": "next", "url": BASE}]
    assert problems(run, bundle("collection", link=links)) == [
        ("error", "bundle-link", "Bundle.link[1].relation")
    ]
    assert problems(run, bundle("history", link=links)) == []
    assert problems(run, bundle("history", link=links[:1] * 2)) == [
        ("error", "bundle-link", "Bundle.link[1].relation")
    ]


# searchsets


def searchset(*entries: Element, url: str = f"{BASE}/Patient?name=x") -> Element:
    return bundle("searchset", *entries, link=[{"relation": "self", "url": url}])


def found(one: Element, mode: str) -> Element:
    return one | {"search": {"mode": mode}}


def test_a_searchset_as_a_server_gives_it(run: Runner) -> None:
    included = found(entry("Practitioner", "2"), "include")
    outcome = found(entry("OperationOutcome", None, UUID), "outcome")
    assert problems(run, searchset(found(entry("Patient", "1"), "match"), included, outcome)) == []
    assert problems(run, searchset(found(entry("Task", "1"), "match"), url=f"{BASE}?_type=Task,Claim")) == []


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (found(entry("Practitioner", "2"), "match"), "searchset-type"),
        (found(entry("Patient", None, UUID), "match"), "searchset-id"),
        (found(entry("Patient", "1"), "outcome"), "searchset-mode"),
        ({"fullUrl": f"{BASE}/Patient/1", "search": {"mode": "match"}}, "searchset-resource"),
    ],
)
def test_what_a_search_cannot_have_found(run: Runner, one: Element, key: str) -> None:
    assert problems(run, searchset(one)) == [("error", key, "Bundle.entry[0].resource")]


def test_a_searchset_should_say_what_it_answers(run: Runner) -> None:
    assert problems(run, bundle("searchset", entry("Patient", "1"))) == [
        ("warning", "searchset-self", "Bundle.link"),
        ("warning", "searchset-mode", "Bundle.entry"),
    ]


# requests


def asked(method: str, url: str, resource: Element | None = None) -> Element:
    request = {"request": {"method": method, "url": url}}
    return request | ({"resource": resource} if resource is not None else {})


PATIENT = {"resourceType": "Patient", "id": "1"}


@pytest.mark.parametrize(
    "one",
    [
        asked("POST", "Patient", PATIENT),
        asked("PUT", "Patient/1", PATIENT),
        asked("PUT", "Patient?identifier=x", PATIENT),
        asked("DELETE", "Patient/1"),
        asked("GET", "Patient?name=x"),
        asked("PATCH", "Patient/1", {"resourceType": "Parameters"}),
        asked("POST", "Patient/$validate", PATIENT),
        asked("POST", "Patient/_search"),
    ],
)
@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_requests_that_can_be_processed(run: Runner, type: str, one: Element) -> None:
    assert problems(run, bundle(type, one)) == []


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (asked("POST", "Practitioner", PATIENT), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("PUT", "Patient/2", PATIENT), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("PUT", "Patient", PATIENT), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("POST", "Patient/1", PATIENT), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("POST", "Patients", PATIENT), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("DELETE", "Patient"), ("error", "request-url", "Bundle.entry[0].request.url")),
        (asked("POST", "Patient"), ("error", "request-resource", "Bundle.entry[0].resource")),
        (asked("DELETE", "Patient/1", PATIENT), ("warning", "request-resource", "Bundle.entry[0].resource")),
    ],
)
def test_requests_that_cannot(run: Runner, one: Element, wanted: tuple[str, str, str]) -> None:
    assert problems(run, bundle("transaction", one)) == [wanted]


# documents and messages


def composition(**more: Any) -> Element:
    return entry("Composition", "c", **more)


def refers(to: str) -> Element:
    return {"reference": to}


def test_a_document_that_holds_together(run: Runner) -> None:
    first = composition(
        subject=refers("Patient/p"),
        author=[refers(UUID)],
        section=[{"entry": [refers(f"{BASE}/Observation/o")]}],
    )
    observation = entry("Observation", "o", performer=[refers("Organization/g")])
    others = [
        entry("Patient", "p"),
        entry("Practitioner", "x", UUID),
        observation,
        entry("Organization", "g"),
    ]
    assert problems(run, bundle("document", first, *others)) == []


def test_what_a_composition_is_about_is_in_the_document(run: Runner) -> None:
    first = composition(
        subject=refers("Patient/none"),
        attester=[{"party": refers("Practitioner/none")}],
        section=[{"section": [{"entry": [refers("urn:uuid:none")]}]}],
    )
    assert problems(run, bundle("document", first)) == [
        ("error", "bundle-reference", "Bundle.entry[0].resource.subject.reference"),
        ("error", "bundle-reference", "Bundle.entry[0].resource.attester[0].party.reference"),
        ("error", "bundle-reference", "Bundle.entry[0].resource.section[0].section[0].entry[0].reference"),
    ]


def test_a_relative_reference_is_resolved_against_the_full_url(run: Runner) -> None:
    first = composition(subject=refers("Patient/p"))
    elsewhere = entry("Patient", "p", "https://other.example/fhir/Patient/p")
    assert ("error", "bundle-reference", "Bundle.entry[0].resource.subject.reference") in problems(
        run, bundle("document", first, elsewhere)
    )


def test_a_relative_full_url_is_one_error_and_not_another_for_every_reference(run: Runner) -> None:
    first = composition(subject=refers("Patient/p")) | {"fullUrl": "Composition/c"}
    found = problems(run, bundle("document", first, entry("Patient", "p", "Patient/p")))
    assert {key for _, key, _ in found} == {"full-url"}
    assert len(found) == 2


def test_entries_that_nothing_leads_to(run: Runner) -> None:
    backwards = entry("Provenance", "v", target=[refers(f"{BASE}/Composition/c")])
    assert problems(run, bundle("document", composition(), backwards, entry("Patient", "p"))) == [
        ("warning", "bundle-linked", "Bundle.entry[1]"),
        ("error", "bundle-linked", "Bundle.entry[2]"),
    ]


def test_the_stylesheet_of_a_document_is_linked_by_the_bundle(run: Runner) -> None:
    links = [{"relation": "stylesheet", "url": "Binary/s"}]
    assert problems(run, bundle("document", composition(), entry("Binary", "s"), link=links)) == []


def test_a_message_has_what_it_is_about(run: Runner) -> None:
    header = entry("MessageHeader", "h", focus=[refers("Patient/p")])
    assert problems(run, bundle("message", header, entry("Patient", "p"))) == []
    assert problems(run, bundle("message", header)) == [
        ("error", "bundle-reference", "Bundle.entry[0].resource.focus[0].reference")
    ]
    assert problems(run, bundle("message", entry("MessageHeader", "h"), entry("Patient", "p"))) == [
        ("warning", "bundle-linked", "Bundle.entry[1]")
    ]


@pytest.mark.parametrize("type", ["document", "message"])
def test_a_document_or_message_has_a_first_entry(run: Runner, type: str) -> None:
    assert problems(run, {"resourceType": "Bundle", "type": type}) == [
        ("error", "bundle-first", "Bundle.entry")
    ]


# references by urn


@pytest.mark.parametrize(
    ("type", "severity"), [("transaction", "error"), ("batch", "warning"), ("collection", "warning")]
)
def test_a_urn_leads_to_an_entry(run: Runner, type: str, severity: str) -> None:
    other = UUID[:-1] + "1"
    request = {"request": {"method": "POST", "url": "Observation"}} if type != "collection" else {}
    one = (
        entry("Observation", None, UUID, subject=refers(UUID), focus=[refers(other), refers(other)]) | request
    )
    assert problems(run, bundle(type, one)) == [(severity, "bundle-urn", "Bundle.entry[0].resource")]
    both = bundle(type, one, entry("Observation", None, other) | request)
    assert problems(run, both) == []


# what a reference cannot be resolved against


def update(**resource: Any) -> Element:
    request = {"method": "PUT", "url": "Observation/1"}
    return {"resource": {"resourceType": "Observation", "id": "1", **resource}, "request": request}


@pytest.mark.parametrize("type", ["batch", "transaction"])
def test_an_update_that_refers_to_others_has_a_full_url(run: Runner, type: str) -> None:
    refers = update(subject={"reference": "Patient/1"})
    place = "Bundle.entry[0].fullUrl"
    assert problems(run, bundle(type, refers)) == [("warning", "full-url-update", place)]
    named = refers | {"fullUrl": f"{BASE}/Observation/1"}
    assert problems(run, bundle(type, named, update(), update(subject={"reference": "#p"}))) == []


def test_a_message_finds_a_relative_reference_by_full_url_alone(run: Runner) -> None:
    header = entry("MessageHeader", "1", focus=[{"reference": "Observation/2"}])
    observation = entry("Observation", "2", subject={"reference": "Patient/3"})
    found = problems(run, bundle("message", header, observation, entry("Patient", "3", UUID)))
    assert ("warning", "reference-in-bundle", "Bundle.entry[1].resource") in found


def test_a_document_finds_a_relative_reference_by_full_url_alone(run: Runner) -> None:
    composition = entry("Composition", "1", section=[{"entry": [{"reference": "Observation/2"}]}])
    observation = entry("Observation", "2", subject={"reference": "Patient/3"})
    patient = entry("Patient", "3", UUID)
    place = "Bundle.entry[1].resource"
    found = problems(run, bundle("document", composition, observation, patient))
    assert ("warning", "reference-in-bundle", place) in found
    assert problems(run, bundle("document", composition, observation, entry("Patient", "3"))) == []
