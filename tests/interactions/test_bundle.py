"""https://hl7.org/fhir/R4/http.html#transaction"""

from typing import Any

import pytest

from fhir_server.core.limits import Limits
from tests.interactions.bundles import batch, encounter, entry, identity, statuses, subject_of, transact
from tests.interactions.client import BASE, Client, ClientFactory, identified, patient

CREATE = entry("POST", "Patient", identified("a"), ifNoneExist="identifier=urn:ids|a")
SUBJECT = "Bundle.entry[1].resource.subject.reference"
UPDATE = entry("PUT", "Patient?identifier=urn:ids|a", identified("a"))


class TestTransaction:
    def test_deletes_come_first_and_reads_last(self, client: Client) -> None:
        old = client.post("Patient", identified("a")).id
        answer = transact(
            client,
            entry("GET", "Patient?identifier=urn:ids|a"),
            entry("POST", "Patient", identified("a"), ifNoneExist="identifier=urn:ids|a"),
            entry("DELETE", f"Patient/{old}"),
        )
        assert statuses(answer) == ["200", "201", "204"]
        found = answer.entries[0]["resource"]["entry"]
        assert [each["resource"]["id"] for each in found] != [old]
        assert len(found) == 1

    def test_a_conditional_create_that_matches_links_to_the_match(self, client: Client) -> None:
        id = client.post("Patient", identified("a")).id
        answer = transact(
            client,
            entry("POST", "Patient", identified("a"), "urn:uuid:p", ifNoneExist="identifier=urn:ids|a"),
            entry("POST", "Encounter", encounter("urn:uuid:p")),
        )
        assert statuses(answer) == ["200", "201"]
        stored = client.get(answer.entries[1]["response"]["location"]).content
        assert stored["subject"]["reference"] == f"Patient/{id}"
        assert len(client.get("Patient").entries) == 1

    def test_a_conditional_reference_may_match_what_the_bundle_creates(self, client: Client) -> None:
        answer = transact(
            client,
            entry("POST", "Encounter", encounter("Patient?identifier=urn:ids|a")),
            entry("POST", "Patient", identified("a")),
        )
        assert statuses(answer) == ["201", "201"]
        stored = client.get(answer.entries[0]["response"]["location"]).content
        assert answer.entries[1]["response"]["location"].startswith(stored["subject"]["reference"])

    def test_a_conditional_reference_is_ambiguous_from_the_second_match_on(self, client: Client) -> None:
        subject = "Patient?identifier=urn:ids|a"
        client.post("Patient", identified("a"))
        client.post("Organization", {"resourceType": "Organization", "identifier": [{"value": "o"}]})
        both = [entry("POST", "Encounter", encounter(subject)) for _ in range(2)]
        assert statuses(transact(client, *both)) == ["201", "201"]
        # It is written before the others, which look for what it is.
        second = identified("a", managingOrganization={"reference": "Organization?identifier=o"})
        answer = transact(client, both[0], entry("POST", "Patient", second), both[1])
        assert answer.status == 412
        assert answer.expressions == ["Bundle.entry[0]"]
        assert len(client.get("Encounter").entries) == 2

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_conditional_references_do_not_depend_on_the_order(
        self, client: Client, order: tuple[int, ...]
    ) -> None:
        client.post("Organization", {"resourceType": "Organization", "identifier": [{"value": "o"}]})
        member = identified("a", managingOrganization={"reference": "Organization?identifier=o"})
        entries = [
            entry("POST", "Encounter", encounter("Patient?identifier=urn:ids|a")),
            entry("POST", "Patient", member),
        ]
        answer = transact(client, *[entries[index] for index in order])
        assert answer.status == 200
        assert subject_of(client, answer, order.index(0)) == identity(answer, order.index(1))

    def test_conditional_references_may_look_for_one_another(self, client: Client) -> None:
        linked = [{"other": {"reference": "Patient?identifier=urn:ids|a"}, "type": "seealso"}]
        client.post("Patient", identified("a"))
        assert transact(client, *[entry("POST", "Patient", patient(link=linked))] * 2).status == 200

    def test_updates_patches_and_conditional_updates(self, client: Client) -> None:
        id = client.post("Patient", identified("a")).id
        answer = transact(
            client,
            entry("PUT", f"Patient/{id}", identified("a", id=id, active=True), ifMatch='W/"1"'),
            entry("PUT", "Patient/mine", patient(id="mine")),
            entry("PUT", "Patient?identifier=urn:ids|b", identified("b")),
            entry("DELETE", "Patient?identifier=urn:ids|c"),
        )
        assert statuses(answer) == ["200", "201", "201", "204"]
        assert answer.entries[0]["response"]["etag"] == 'W/"2"'

    @pytest.mark.parametrize(("method", "id"), [("PATCH", None), ("PUT", "mine"), ("PUT", None)])
    def test_full_url_of_the_version_that_was_read_is_that_of_its_resource(
        self, client: Client, method: str, id: str | None
    ) -> None:
        client.put("Patient/mine", identified("a", id="mine"))
        document = {"resourceType": "Parameters"} if method == "PATCH" else identified("a", id="mine")
        url = "Patient/mine" if method == "PATCH" or id else "Patient?identifier=urn:ids|a"
        answer = transact(
            client,
            entry(method, url, document, "http://x/Patient/mine/_history/1"),
            entry("POST", "Encounter", encounter("http://x/Patient/mine")),
            entry("GET", "Patient/mine/_history/1", full_url="http://y/Patient/mine/_history/1"),
        )
        assert statuses(answer) == ["200", "201", "200"]
        assert len(client.get("Encounter?subject=Patient/mine").entries) == 1

    @pytest.mark.parametrize(
        ("bad", "status", "place"),
        [
            (entry("POST", "Patient", patient(gender="x")), 400, "Bundle.entry[1].resource.gender"),
            (entry("POST", "Encounter", encounter("urn:uuid:nobody")), 400, SUBJECT),
            (entry("POST", "Encounter", encounter("Patient?identifier=urn:ids|z")), 412, SUBJECT),
            (entry("POST", "Encounter", encounter("Patient?identifer=z")), 400, SUBJECT),
            (entry("PUT", "Patient/x", patient(id="y")), 400, "Bundle.entry[1].resource.id"),
            (entry("PUT", "Patient/x", patient(id="x"), ifMatch='W/"4"'), 412, "Bundle.entry[1]"),
            (entry("GET", "Patient/nobody"), 404, "Bundle.entry[1]"),
            (entry("POST", "Patients", patient()), 404, "Bundle.entry[1]"),
            (entry("DELETE", "Patients/1"), 404, "Bundle.entry[1]"),
            (entry("POST", "Patient/1", patient()), 400, "Bundle.entry[1].request.url"),
            (entry("POST", "$reindex", {"resourceType": "Parameters"}), 400, "Bundle.entry[1]"),
            (entry("GET", "Patient/$changes"), 400, "Bundle.entry[1]"),
            (entry("GET", "$nothing"), 404, "Bundle.entry[1]"),
            (entry("POST", "Patient"), 400, "Bundle.entry[1].resource"),
            (entry("POST", "Patient", patient(), "urn:uuid:same"), 400, "Bundle.entry[1].fullUrl"),
            (
                entry("POST", "Patient", patient(), "http://x/Patient/1/_history/1"),
                400,
                "Bundle.entry[1].fullUrl",
            ),
            (
                entry("PUT", "Patient/x", patient(id="x"), "http://x/Patient/y"),
                400,
                "Bundle.entry[1].fullUrl",
            ),
            (
                entry("PUT", "Patient/x", patient(id="x"), "http://x/Patient/y/_history/1"),
                400,
                "Bundle.entry[1].fullUrl",
            ),
            ({"resource": patient()}, 400, "Bundle.entry[1].request"),
            (entry("PATCH", "Patient/nobody", {"resourceType": "Parameters"}), 404, "Bundle.entry[1]"),
            (
                entry("POST", "Patient", patient(), ifNoneExist="identifer=x"),
                400,
                "Bundle.entry[1].request.ifNoneExist",
            ),
            (entry("DELETE", "Patient"), 400, "Bundle.entry[1].request.url"),
            (entry("GET", "Patient?name=%ff"), 400, "Bundle.entry[1].request.url"),
            (entry("GET", "Patient?" + "%ff&" * 10_001), 400, "Bundle.entry[1].request.url"),
            (entry("GET", "Patient/%ff"), 400, "Bundle.entry[1].request.url"),
            (entry("POST", "Patient", patient(), ifNoneExist="name=%ff"), 400, "Bundle.entry[1]"),
            (entry("POST", "Patient", patient(), ifNoneExist="%ff&" * 10_001), 400, "Bundle.entry[1]"),
            (entry("POST", "Encounter", encounter("Patient?name=%ff")), 400, SUBJECT),
            (entry("POST", "Patient", patient(), ifNoneExist="Basic?code=x"), 400, "Bundle.entry[1]"),
            (
                entry("POST", "Encounter", encounter("urn:uuid:e"), "urn:uuid:e"),
                400,
                SUBJECT,
            ),
            (
                entry("POST", "Patient", patient(generalPractitioner=[{"reference": "urn:uuid:same"}])),
                400,
                "Bundle.entry[1].resource.generalPractitioner[0].reference",
            ),
        ],
    )
    def test_one_bad_entry_leaves_nothing_behind(
        self, client: Client, bad: Any, status: int, place: str
    ) -> None:
        answer = transact(client, entry("POST", "Patient", patient(), "urn:uuid:same"), bad)
        assert answer.status == status, answer.content
        assert place in answer.expressions
        assert client.get("_history").entries == []

    @pytest.mark.parametrize("send", [transact, batch])
    def test_operations_and_searches_see_what_is_written(self, client: Client, send: Any) -> None:
        observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        system = "http://hl7.org/fhir/administrative-gender"
        lookup = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "code", "valueCode": "male"},
                {"name": "system", "valueUri": system},
            ],
        }
        with client.engine.store.group():
            answer = send(
                client,
                entry("PUT", "Patient/p", patient(id="p")),
                entry("POST", "Observation", observation | {"subject": {"reference": "Patient/p"}}),
                entry("GET", "Patient/p/$everything"),
                entry("POST", "Patient/_search?_id=p&family=Durand"),
                entry("GET", f"CodeSystem/$lookup?code=male&system={system}"),
                entry("POST", "CodeSystem/$lookup", lookup),
                entry("POST", "Patient/$validate", patient()),
                entry("GET", "metadata"),
            )
        assert statuses(answer) == ["201", "201", *["200"] * 6]
        found = [entry["resource"] for entry in answer.entries[2:]]
        assert [each["resourceType"] for each in found] == [
            *["Bundle"] * 2,
            *["Parameters"] * 2,
            "OperationOutcome",
            "CapabilityStatement",
        ]
        assert len(found[0]["entry"]) == 2
        assert len(found[1]["entry"]) == 1

    def test_a_batch_in_a_batch_sees_it_too(self, client: Client) -> None:
        inner = {"resourceType": "Bundle", "type": "batch", "entry": [entry("GET", "Patient/p")]}
        with client.engine.store.group():
            answer = batch(client, entry("PUT", "Patient/p", patient(id="p")), entry("POST", "/", inner))
        assert answer.entries[1]["resource"]["entry"][0]["response"]["status"] == "200 OK"

    def test_only_the_version_that_is_named_is_deleted(self, client: Client) -> None:
        id = client.post("Patient", identified("a")).id
        for url in (f"Patient/{id}", "Patient?identifier=urn:ids|a"):
            assert transact(client, entry("DELETE", url, ifMatch='W/"2"')).status == 412
            assert client.get(f"Patient/{id}").status == 200
        current = entry("DELETE", "Patient?identifier=urn:ids|a", ifMatch='W/"1"')
        assert statuses(transact(client, current)) == ["204"]

    def test_the_same_resource_twice_is_refused(self, client: Client) -> None:
        twice = [entry("PUT", "Patient/x", patient(id="x")), entry("PUT", "Patient/x", patient(id="x"))]
        assert transact(client, *twice).status == 400
        id = client.post("Patient", identified("a")).id
        update = entry("PUT", f"Patient/{id}", identified("a", id=id))
        assert transact(client, update, entry("DELETE", "Patient?identifier=urn:ids|a")).status == 400
        conditional = entry("PUT", "Patient?identifier=urn:ids|a", identified("a"))
        assert transact(client, update, conditional).status == 400
        assert client.get(f"Patient/{id}").version == 1

    def test_a_deletion_of_nothing_is_of_that_identity_too(self, client: Client) -> None:
        delete = entry("DELETE", "Patient/x")
        assert transact(client, delete, entry("PUT", "Patient/x", patient(id="x"))).status == 400
        assert transact(client, delete, delete).status == 400
        assert client.get("_history").entries == []

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (UPDATE, UPDATE),
            (UPDATE, CREATE),
            (CREATE, CREATE),
            (CREATE, entry("POST", "Patient", identified("a"), ifNoneExist="identifier=a")),
            (CREATE, entry("POST", "Patient", identified("a"))),
            (UPDATE, entry("PUT", "Patient/mine", identified("a", id="mine"))),
            (CREATE, entry("PUT", "Patient?identifier=urn:ids|b", identified("a"))),
            (
                entry("POST", "Patient", identified("a"), ifNoneExist="family=Durand"),
                entry("POST", "Patient", identified("b")),
            ),
        ],
    )
    @pytest.mark.parametrize("backwards", [False, True])
    def test_a_condition_may_not_be_met_by_another_entry(
        self, client: Client, first: Any, second: Any, backwards: bool
    ) -> None:
        entries = (second, first) if backwards else (first, second)
        answer = transact(client, *entries)
        assert answer.status == 400
        assert set(answer.expressions) <= {"Bundle.entry[0]", "Bundle.entry[1]"}
        assert client.get("_history").entries == []

    def test_conditions_on_different_resources_do_not_touch(self, client: Client) -> None:
        other = entry("POST", "Patient", identified("b"), ifNoneExist="identifier=urn:ids|b")
        elsewhere = patient(identifier=[{"system": "urn:other", "value": "a"}])
        answer = transact(client, CREATE, other, entry("POST", "Patient", elsewhere))
        assert statuses(answer) == ["201", "201", "201"]

    def test_problems_of_all_entries_are_said_at_once(self, client: Client) -> None:
        answer = transact(
            client,
            entry("POST", "Patient", patient(gender="x")),
            entry("POST", "Patient", patient(birthDate="x")),
        )
        assert {"Bundle.entry[0].resource.gender", "Bundle.entry[1].resource.birthDate"} <= set(
            answer.expressions
        )

    def test_prefer_representation_shows_what_was_written(self, client: Client) -> None:
        answer = transact(client, entry("POST", "Patient", patient()), returns="representation")
        assert answer.entries[0]["resource"]["resourceType"] == "Patient"
        assert "resource" not in transact(client, entry("POST", "Patient", patient())).entries[0]

    def test_prefer_operation_outcome_says_it_in_the_response(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        entries = (entry("POST", "Patient", patient()), entry("DELETE", "Patient/mine"))
        for answer in (
            transact(client, entries[0], returns="OperationOutcome"),
            batch(client, *entries, returns="OperationOutcome"),
        ):
            for each in answer.entries:
                assert each["response"]["outcome"]["resourceType"] == "OperationOutcome"
                assert "resource" not in each

    def test_prefer_operation_outcome_tells_the_warnings_of_each_entry(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        client.post("Patient", identified("a"))
        data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2dlbmRlciIsInZhbHVlIjoibWFsZSJ9XQ=="
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
        answer = transact(
            client,
            entry("POST", "Patient", patient()),
            entry("PUT", "Patient/other", patient(id="other")),
            entry("PATCH", "Patient/mine", binary),
            CREATE,
            returns="OperationOutcome",
        )
        issues = [entry["response"]["outcome"]["issue"] for entry in answer.entries]
        assert [issue[0]["severity"] for issue in issues] == ["warning", "warning", "warning", "information"]
        alone = client.post("Patient", patient(), returns="OperationOutcome").content["issue"]
        assert issues[0] == alone

    @pytest.mark.parametrize("data", [5, ["x"], "é", "x", "", None, "ew==", "W10"])
    def test_a_patch_that_cannot_be_read_is_refused(self, client: Client, data: Any) -> None:
        client.put("Patient/mine", patient(id="mine"))
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
        bad = entry("PATCH", "Patient/mine", {key: one for key, one in binary.items() if one is not None})
        answer = transact(client, bad)
        assert answer.status == 400
        assert answer.expressions == ["Bundle.entry[0].resource.data"]
        assert statuses(batch(client, bad)) == ["400"]

    def test_a_patch_of_another_kind_is_refused(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        binary = {"resourceType": "Binary", "contentType": "application/xml-patch+xml", "data": "PGEvPg=="}
        answer = transact(client, entry("PATCH", "Patient/mine", binary))
        assert answer.status == 415
        assert "application/xml-patch+xml" in answer.diagnostics

    def test_a_json_patch_may_be_broken_into_lines(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        data = "W3sib3AiOiJhZGQiLCJwYXRo\r\n Ijoi L2dlbmRlciIsInZhbHVlIjoibWFsZSJ9XQ=="
        kind = "application/json-patch+json; charset=utf-8"
        binary = {"resourceType": "Binary", "contentType": kind, "data": data}
        assert transact(client, entry("PATCH", "Patient/mine", binary)).status == 200
        assert client.get("Patient/mine").content["gender"] == "male"

    def test_an_empty_transaction_is_answered(self, client: Client) -> None:
        assert client.post("", {"resourceType": "Bundle", "type": "transaction"}).status == 200


class TestBatch:
    def test_each_entry_stands_alone(self, client: Client) -> None:
        answer = batch(
            client,
            entry("POST", "Patient", patient()),
            entry("POST", "Patient", patient(gender="x")),
            entry("GET", "Patient/nobody"),
            entry("GET", "metadata"),
            {"resource": patient()},
        )
        assert answer.content["type"] == "batch-response"
        assert statuses(answer) == ["201", "400", "404", "200", "400"]
        outcome = answer.entries[1]["response"]["outcome"]
        assert outcome["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]
        assert len(client.get("Patient").entries) == 1

    def test_an_entry_sees_what_those_before_it_wrote(self, client: Client) -> None:
        with client.engine.store.group():
            answer = batch(
                client,
                entry("GET", "Patient/x"),
                entry("PUT", "Patient/x", identified("x", id="x")),
                entry("GET", "Patient/x"),
                entry("POST", "Patient/_search?identifier=urn:ids|x"),
                entry("DELETE", "Patient/x"),
                entry("GET", "Patient/x"),
                entry("HEAD", "Patient/x/_history/1"),
                entry("GET", "Patient/x/_history"),
            )
        assert statuses(answer) == ["404", "201", "200", "200", "204", "410", "200", "200"]
        assert [each["resource"]["total"] for each in (answer.entries[3], answer.entries[7])] == [1, 2]

    def test_an_entry_may_not_refer_to_one_that_is_created(self, client: Client) -> None:
        answer = batch(
            client,
            entry("POST", "Encounter", encounter("urn:uuid:p")),
            entry("POST", "Patient", patient(), "urn:uuid:p"),
        )
        assert statuses(answer) == ["400", "201"]
        assert "urn:uuid:p" in answer.entries[0]["response"]["outcome"]["issue"][0]["diagnostics"]
        assert client.get("Encounter").entries == []

    def test_a_read_may_be_conditional(self, client: Client) -> None:
        stored = client.post("Patient", patient())
        url, stamp = f"Patient/{stored.id}", stored.content["meta"]["lastUpdated"]
        answer = batch(
            client,
            entry("GET", url, ifModifiedSince=stamp),
            entry("GET", url, ifModifiedSince="2000-01-01T00:00:00Z"),
            entry("GET", url, ifModifiedSince="2100-01-01T00:00:00.5+01:00"),
            entry("GET", url, ifNoneMatch='W/"1"'),
        )
        assert statuses(answer) == ["304", "200", "304", "304"]

    def test_a_url_is_relative_to_the_base_or_begins_with_it(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        urls = (
            "Patient/mine",
            "/Patient/mine",
            f"{BASE}/Patient/mine",
            "/fhir/Patient/mine",
            f"{BASE}Patient/mine",
            "http://a/b/Patient/mine",
            "/fhirs/Patient/mine",
        )
        answer = batch(client, *[entry("GET", url) for url in urls])
        assert statuses(answer) == ["200", "200", "200", "200", "404", "404", "404"]
        assert "not below" in answer.entries[5]["response"]["outcome"]["issue"][0]["diagnostics"]

    def test_criteria_of_a_search_that_are_no_part_of_its_url_are_refused(self, client: Client) -> None:
        criteria = {"resourceType": "Parameters", "parameter": [{"name": "name", "valueString": "x"}]}
        answer = batch(client, entry("POST", "Patient/_search", criteria))
        assert answer.entries[0]["response"]["status"] == "400 Bad Request"

    def test_a_search_by_post_needs_no_resource(self, client: Client) -> None:
        id = client.post("Patient", identified("a")).id
        answer = batch(client, entry("POST", "Patient/_search?identifier=urn:ids|a"))
        assert answer.entries[0]["resource"]["entry"][0]["resource"]["id"] == id

    def test_reads_are_shown_with_their_resource(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        answer = batch(
            client, entry("GET", f"Patient/{id}"), entry("GET", "Patient"), entry("HEAD", f"Patient/{id}")
        )
        assert answer.entries[0]["resource"]["id"] == id
        assert answer.entries[1]["resource"]["type"] == "searchset"
        assert "resource" not in answer.entries[2]


@pytest.mark.parametrize(
    "content",
    [
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle"},
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "type": "batch", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": ["x"]},
        {"resourceType": "Bundle", "type": "transaction", "entries": []},
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET"}, "x": 1}]},
        [],
        None,
    ],
)
def test_what_is_no_batch_is_refused(client: Client, content: Any) -> None:
    assert client.post("", content).status == 400


def test_a_type_that_is_missing_is_told_as_such(client: Client) -> None:
    issue = client.post("", {"resourceType": "Bundle"}).content["issue"][0]
    assert (issue["code"], issue["expression"]) == ("required", ["Bundle.type"])


def test_too_many_entries_are_refused(client_with: ClientFactory) -> None:
    client = client_with(limits=Limits(bundle_entries_max=2))
    assert batch(client, *[entry("GET", "Patient")] * 2).status == 200
    assert batch(client, *[entry("GET", "Patient")] * 3).status == 413
