"""https://hl7.org/fhir/R4/http.html#patch"""

import base64
from typing import Any

import pytest

from fhir_server.core import json
from tests.interactions.client import Client, identified, patient


class TestJsonPatch:
    def test_operations_apply_in_order(self, client: Client) -> None:
        id = client.post("Patient", patient(gender="male")).id
        answer = client.patch(
            f"Patient/{id}",
            [
                {"op": "test", "path": "/gender", "value": "male"},
                {"op": "replace", "path": "/gender", "value": "female"},
                {"op": "add", "path": "/name/-", "value": {"family": "Martin"}},
                {"op": "move", "from": "/name/1", "path": "/name/0"},
                {"op": "copy", "from": "/name/0/family", "path": "/name/1/text"},
                {"op": "remove", "path": "/name/1/family"},
            ],
        )
        assert (answer.status, answer.version) == (200, 2)
        assert answer.content["gender"] == "female"
        assert answer.content["name"] == [{"family": "Martin"}, {"text": "Martin"}]

    def test_numbers_are_compared_by_value_and_kept_by_text(self, client: Client) -> None:
        observation = b"""{"resourceType":"Observation","status":"final","code":{"text":"x"},
            "valueQuantity":{"value":1.50}}"""
        id = client.post("Observation", json.parse(observation)).id
        test = {"op": "test", "path": "/valueQuantity/value", "value": json.number("1.5")}
        assert client.patch(f"Observation/{id}", [test]).status == 200
        stored = client.engine.store.read("Observation", id)
        assert stored is not None
        assert b"1.50" in stored.body

    @pytest.mark.parametrize(
        ("operation", "status"),
        [
            ({"op": "test", "path": "/gender", "value": "female"}, 422),
            ({"op": "remove", "path": "/birthDate"}, 422),
            ({"op": "replace", "path": "/name/9/family", "value": "x"}, 422),
            ({"op": "add", "path": "/name/01", "value": {}}, 422),
            ({"op": "move", "from": "/name", "path": "/name/0"}, 422),
            ({"op": "replace", "path": "/id", "value": "other"}, 422),
            ({"op": "replace", "path": "", "value": []}, 422),
            ({"op": "remove", "path": "/resourceType"}, 422),
            ({"op": "remove", "path": ""}, 422),
            ({"op": "move", "from": "", "path": "/contained"}, 422),
            ({"op": "replace", "path": "/gender", "value": "green"}, 400),
            ({"op": "add", "path": "/colour", "value": "green"}, 400),
            ({"op": "paint", "path": "/gender"}, 400),
            ({"op": "add", "path": "/gender"}, 400),
            ({"op": "add", "path": "gender", "value": "male"}, 400),
            ({"op": "copy", "path": "/gender"}, 400),
            ({"op": "test", "path": "/~2", "value": "x"}, 400),
            ({"op": "add", "path": "/~", "value": "x"}, 400),
            ({"op": "remove", "path": "/name/" + "9" * 5000}, 422),
            ({"op": ["add"], "path": "/gender", "value": "male"}, 400),
            ("not an operation", 400),
        ],
    )
    def test_what_cannot_be_done_changes_nothing(self, client: Client, operation: Any, status: int) -> None:
        id = client.post("Patient", patient(gender="male")).id
        assert client.patch(f"Patient/{id}", [operation]).status == status
        assert client.get(f"Patient/{id}").version == 1

    @pytest.mark.parametrize(
        ("path", "value", "status"),
        [
            ("/name/0", {"given": ["a", "b"], "family": "x"}, 200),
            ("/name/0", {"family": "x"}, 422),
            ("/name/0", {"family": "x", "given": ["a", "c"]}, 422),
            ("/name/0", {"family": "x", "text": ["a", "b"]}, 422),
            ("/name/0", [], 422),
            ("/name/0/given", ["a", "b"], 200),
            ("/name/0/given", ["b", "a"], 422),
            ("/name/0/given", ["a"], 422),
            ("/name/0/given", {"0": "a", "1": "b"}, 422),
            ("/active", 1, 422),
        ],
    )
    def test_what_a_test_compares_is_equal_as_json_is(
        self, client: Client, path: str, value: Any, status: int
    ) -> None:
        """https://www.rfc-editor.org/rfc/rfc6902#section-4.6"""
        id = client.post("Patient", patient(name=[{"family": "x", "given": ["a", "b"]}], active=True)).id
        test = {"op": "test", "path": path, "value": value}
        assert client.patch(f"Patient/{id}", [test]).status == status

    @pytest.mark.parametrize(
        ("operations", "names"),
        [
            ([{"op": "remove", "path": "/name/0"}], None),
            ([{"op": "remove", "path": "/name/0/given/0"}], [{"family": "Martin"}]),
            (
                [
                    {"op": "remove", "path": "/name/0/family"},
                    {"op": "remove", "path": "/name/0/given/0"},
                ],
                None,
            ),
            (
                [
                    {"op": "remove", "path": "/name/0"},
                    {"op": "add", "path": "/name/-", "value": {"text": "Noa"}},
                ],
                [{"text": "Noa"}],
            ),
            (
                [{"op": "move", "from": "/name/0/given/0", "path": "/name/0/text"}],
                [{"family": "Martin", "text": "Noa"}],
            ),
        ],
    )
    def test_what_loses_its_last_member_goes(self, client: Client, operations: Any, names: Any) -> None:
        id = client.post("Patient", patient(name=[{"family": "Martin", "given": ["Noa"]}])).id
        answer = client.patch(f"Patient/{id}", operations)
        assert answer.status == 200
        assert answer.content.get("name") == names

    def test_the_first_item_makes_its_array(self, client: Client) -> None:
        held = {"name": {"text": "Noa"}, "telecom": [{"system": "phone", "value": "1"}]}
        for operation in (
            {"op": "add", "path": "/name/-", "value": {"text": "Noa"}},
            {"op": "add", "path": "/name/0", "value": {"text": "Noa"}},
            {"op": "copy", "path": "/name/-", "from": "/contact/0/name"},
            {"op": "move", "path": "/name/0", "from": "/contact/0/name"},
        ):
            id = client.post("Patient", {"resourceType": "Patient", "contact": [held]}).id
            answer = client.patch(f"Patient/{id}", [operation])
            assert (answer.status, answer.content.get("name")) == (200, [{"text": "Noa"}])

    def test_no_other_parent_is_made(self, client: Client) -> None:
        id = client.post("Patient", {"resourceType": "Patient", "active": True}).id
        statuses = {
            "/name/1": 422,
            "/contact/0/name/given/-": 422,
            "/maritalStatus/text/-": 422,
            "/gender/-": 400,
        }
        for path, status in statuses.items():
            operation = {"op": "add", "path": path, "value": "male"}
            assert client.patch(f"Patient/{id}", [operation]).status == status

    def test_what_is_given_empty_is_refused_all_the_same(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        operations = [{"op": "remove", "path": "/name/0"}, {"op": "add", "path": "/address", "value": []}]
        assert client.patch(f"Patient/{id}", operations).status == 400

    def test_copies_of_copies_have_an_end(self, client: Client) -> None:
        extension = [{"url": "urn:x", "valueString": "x" * 100}]
        id = client.post("Patient", patient(extension=extension)).id
        double = {"op": "copy", "from": "/extension", "path": "/extension/0/extension"}
        answer = client.patch(f"Patient/{id}", [double] * 60)
        assert answer.status in (400, 422)
        assert client.patch(f"Patient/{id}", [{**double, "path": "/extension/-"}] * 60).status in (400, 422)
        assert client.patch(f"Patient/{id}", [{**double, "from": "/name", "path": "/contact"}]).status == 400
        several = [{"op": "copy", "from": "/extension/0", "path": "/extension/-"}] * 1_000
        assert len(client.patch(f"Patient/{id}", several).content["extension"]) == 1_001

    def test_a_patch_that_is_no_list_is_refused(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        assert client.patch(f"Patient/{id}", {"op": "remove", "path": "/name"}).status == 400

    def test_if_match_and_absent_resources(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        change = [{"op": "add", "path": "/active", "value": True}]
        assert client.patch(f"Patient/{id}", change, if_match='W/"2"').status == 412
        assert client.patch(f"Patient/{id}", change, if_match='W/"1"').status == 200
        assert client.patch("Patient/nobody", change).status == 404
        client.delete(f"Patient/{id}")
        assert client.patch(f"Patient/{id}", change).status == 410

    def test_conditional_patch(self, client: Client) -> None:
        change = [{"op": "add", "path": "/active", "value": True}]
        assert client.patch("Patient?identifier=urn:ids|a", change).status == 404
        id = client.post("Patient", identified("a")).id
        answer = client.patch("Patient?identifier=urn:ids|a", change)
        assert (answer.status, answer.id) == (200, id)
        client.post("Patient", identified("a"))
        assert client.patch("Patient?identifier=urn:ids|a", change).status == 412

    def test_what_it_refers_to_is_looked_for_while_others_wait_to_be_indexed(self, client: Client) -> None:
        response = {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "questionnaire": "http://example.org/Questionnaire/unknown",
        }
        id = client.post("QuestionnaireResponse", response).id
        client.post("Patient", patient())
        change = [{"op": "replace", "path": "/status", "value": "amended"}]
        assert client.patch(f"QuestionnaireResponse/{id}", change).status == 200

    @pytest.mark.parametrize("sent", [{"gender": "male"}, [{"op": "remove", "path": "/gender"}], patient()])
    def test_what_is_no_patch_in_fhir_json_hears_what_is(self, client: Client, sent: Any) -> None:
        id = client.post("Patient", patient(gender="female")).id
        for content_type in ("application/json", "application/fhir+json"):
            answer = client.patch(f"Patient/{id}", sent, content_type=content_type)
            assert answer.status == 400
            assert "as application/json-patch+json, and a whole resource by PUT" in answer.diagnostics
        assert client.get(f"Patient/{id}").version == 1

    def test_other_media_types_are_refused(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        assert client.patch(f"Patient/{id}", [], content_type="text/plain").status == 415

    @pytest.mark.parametrize(
        ("operation", "said"),
        [
            ({"op": "remove", "path": "/name/9"}, "« 9 » n'est pas un indice de ce tableau"),
            ({"op": "paint", "path": "/name"}, "op doit être l'un de add"),
        ],
    )
    def test_reasons_are_told_in_french_too(self, client: Client, operation: Any, said: str) -> None:
        id = client.post("Patient", patient()).id
        assert said in client.patch(f"Patient/{id}", [operation], language="fr").diagnostics

    def test_a_patch_that_is_missing_is_missed(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        assert client.patch(f"Patient/{id}", None, content_type="").status == 400

    def test_inside_a_bundle_it_travels_as_a_binary(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        document = b'[{"op":"add","path":"/active","value":true}]'
        binary = {
            "resourceType": "Binary",
            "contentType": "application/json-patch+json",
            "data": base64.b64encode(document).decode(),
        }
        entry = {"resource": binary, "request": {"method": "PATCH", "url": f"Patient/{id}"}}
        for kind in ("batch", "transaction"):
            answer = client.post("", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
            assert answer.entries[0]["response"]["status"] == "200 OK"
        assert client.get(f"Patient/{id}").version == 3

    @pytest.mark.parametrize("kind", ["batch", "transaction"])
    def test_inside_a_bundle_the_version_is_looked_at_before_the_patch(
        self, client: Client, kind: str
    ) -> None:
        id = client.post("Patient", patient()).id
        document = base64.b64encode(b'[{"op":"remove","path":"/photo"}]').decode()
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": document}
        asked = {"method": "PATCH", "url": f"Patient/{id}", "ifMatch": 'W/"9"'}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [{"resource": binary, "request": asked}]}
        answer = client.post("", bundle)
        status = answer.status if kind == "transaction" else int(answer.entries[0]["response"]["status"][:3])
        assert status == 412
