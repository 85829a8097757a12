"""https://hl7.org/fhir/R4/fhirpatch.html"""

from typing import Any

import pytest

from fhir_server.core import json
from tests.interactions.client import Answer, Client, patient

FHIR_JSON = "application/fhir+json"
FAMILY = {"family": "x"}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
GIVEN_EXTENSION = {"extension": [{"url": "urn:x", "valueCode": "y"}]}


def fhirpath_patch(**parts: Any) -> dict[str, Any]:
    """A Parameters resource with one operation; values are (value[x] name, value), lists of parts, or texts
    for codes.
    """
    listed: list[dict[str, Any]] = []
    for name, value in parts.items():
        if isinstance(value, tuple):
            listed.append({"name": name, value[0]: value[1]})
        elif isinstance(value, list):
            listed.append({"name": name, "part": value})
        elif isinstance(value, int):
            listed.append({"name": name, "valueInteger": value})
        else:
            kind = "valueCode" if name == "type" else "valueString"
            listed.append({"name": name, kind: value})
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": listed}]}


def send(client: Client, url: str, patch: dict[str, Any]) -> Answer:
    return client.patch(url, patch, content_type=FHIR_JSON)


class TestFhirPathPatch:
    @pytest.mark.parametrize(
        ("parts", "member", "expected"),
        [
            (
                {"type": "add", "path": "Patient", "name": "birthDate", "value": ("valueDate", "1980-01-02")},
                "birthDate",
                "1980-01-02",
            ),
            (
                {"type": "add", "path": "Patient.name[0]", "name": "given", "value": ("valueString", "Ada")},
                "name",
                [{"family": "Durand", "given": ["Ada"]}, {"family": "Martin", "use": "old"}],
            ),
            (
                {
                    "type": "add",
                    "path": "Patient",
                    "name": "deceased",
                    "value": ("valueBoolean", True),
                },
                "deceasedBoolean",
                True,
            ),
            (
                {
                    "type": "replace",
                    "path": "Patient.name.where(use = 'old').family",
                    "value": ("valueString", "Petit"),
                },
                "name",
                [{"family": "Durand"}, {"family": "Petit", "use": "old"}],
            ),
            ({"type": "delete", "path": "Patient.name.where(use = 'old')"}, "name", [{"family": "Durand"}]),
            ({"type": "delete", "path": "Patient.name[1]"}, "name", [{"family": "Durand"}]),
            ({"type": "delete", "path": "Patient.gender"}, "gender", None),
            ({"type": "delete", "path": "Patient.birthDate"}, "birthDate", None),
            (
                {
                    "type": "insert",
                    "path": "Patient.name",
                    "index": 0,
                    "value": ("valueHumanName", {"family": "Petit"}),
                },
                "name",
                [{"family": "Petit"}, {"family": "Durand"}, {"family": "Martin", "use": "old"}],
            ),
            (
                {"type": "move", "path": "Patient.name", "source": 1, "destination": 0},
                "name",
                [{"family": "Martin", "use": "old"}, {"family": "Durand"}],
            ),
        ],
    )
    def test_each_operation(self, client: Client, parts: dict[str, Any], member: str, expected: Any) -> None:
        names = [{"family": "Durand"}, {"family": "Martin", "use": "old"}]
        id = client.post("Patient", patient(name=names, gender="male")).id
        answer = send(client, f"Patient/{id}", fhirpath_patch(**parts))
        assert answer.status == 200, answer.content
        assert answer.content.get(member) == expected

    @pytest.mark.parametrize(
        ("path", "left"),
        [
            ("Patient.name.family", [{"given": ["a", "b"]}, {"given": ["c"]}]),
            ("Patient.name.given[2]", [{"family": "x", "given": ["a", "b"]}]),
            ("name[0].given.first()", [{"family": "x", "given": ["b"]}, {"given": ["c"]}]),
            ("Patient.name.given.last()", [{"family": "x", "given": ["a", "b"]}]),
            ("Patient.name.given.where($this = 'a.(')", None),
            ("Patient.name.given.where($this = 'b')", [{"family": "x", "given": ["a"]}, {"given": ["c"]}]),
            ("(Patient.name.family | Patient.name.given)[0]", None),
            (
                "Patient.name.given.where($this = 'b').single()",
                [{"family": "x", "given": ["a"]}, {"given": ["c"]}],
            ),
            ("Patient.name.given.single()", None),
            ("Patient.name[1].given.tail()", None),
            ("Patient.name.`given`[2]", [{"family": "x", "given": ["a", "b"]}]),
            (
                "(Patient.name.where(family = 'x').family as string)",
                [{"given": ["a", "b"]}, {"given": ["c"]}],
            ),
            ("Patient.name.where(family = 'x').family as string", [{"given": ["a", "b"]}, {"given": ["c"]}]),
            ("Patient.name.where(family as code = 'x')", None),
            ("Resource.name[1]", [{"family": "x", "given": ["a", "b"]}]),
        ],
    )
    def test_a_path_that_leads_to_one_primitive_finds_it(self, client: Client, path: str, left: Any) -> None:
        names = [{"family": "x", "given": ["a", "b"]}, {"given": ["c"]}]
        id = client.post("Patient", patient(name=names)).id
        send(client, f"Patient/{id}", fhirpath_patch(type="delete", path=path))
        assert client.get(f"Patient/{id}").content["name"] == (left or names)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("Patient.deceased", ("valueDateTime", "2020-01-01")),
            ("Patient.deceased.ofType(boolean)", ("valueDateTime", "2020-01-01")),
            ("(Patient.deceased as boolean)", ("valueDateTime", "2020-01-01")),
        ],
    )
    def test_what_is_replaced_goes_with_its_extensions(
        self, client: Client, path: str, value: tuple[str, Any]
    ) -> None:
        id = client.post("Patient", patient(deceasedBoolean=True, _deceasedBoolean=GIVEN_EXTENSION)).id
        patch = fhirpath_patch(type="replace", path=path, value=value)
        patch["parameter"][0]["part"][2]["_valueDateTime"] = {"id": "1"}
        answer = send(client, f"Patient/{id}", patch)
        assert {name for name in answer.content if "deceased" in name} == {
            "deceasedDateTime",
            "_deceasedDateTime",
        }
        assert answer.content["_deceasedDateTime"] == {"id": "1"}

    @pytest.mark.parametrize(
        ("parts", "expected"),
        [
            ({"type": "delete", "path": "Patient.birthDate"}, {}),
            (
                {"type": "replace", "path": "Patient.birthDate", "value": ("valueDate", "1980")},
                {"birthDate": "1980"},
            ),
            ({"type": "delete", "path": "Patient.birthDate.extension[0]"}, {}),
            (
                {
                    "type": "add",
                    "path": "Patient.birthDate",
                    "name": "extension",
                    "value": ("valueExtension", GIVEN_EXTENSION["extension"][0]),
                },
                {"_birthDate": {"extension": GIVEN_EXTENSION["extension"] * 2}},
            ),
        ],
    )
    def test_a_primitive_of_extensions_alone_is_there(
        self, client: Client, parts: dict[str, Any], expected: Any
    ) -> None:
        id = client.post("Patient", patient(_birthDate=GIVEN_EXTENSION)).id
        answer = send(client, f"Patient/{id}", fhirpath_patch(**parts))
        assert answer.status == 200, answer.content
        assert {name: value for name, value in answer.content.items() if "birth" in name} == expected

    def test_a_list_that_is_not_there_yet_is_inserted_into_at_its_start(self, client: Client) -> None:
        id = client.post("Patient", patient(name=[{"_given": [GIVEN_EXTENSION]}])).id
        value = ("valueContactPoint", {"value": "1", "system": "phone"})
        patch = fhirpath_patch(type="insert", path="Patient.telecom", index=0, value=value)
        more = fhirpath_patch(type="insert", path="Patient.name.given", index=1, value=("valueString", "a"))
        patch["parameter"] += more["parameter"]
        answer = send(client, f"Patient/{id}", patch)
        assert answer.content["telecom"] == [value[1]]
        assert answer.content["name"] == [{"given": [None, "a"], "_given": [GIVEN_EXTENSION, None]}]

    def test_what_a_patch_refers_to_is_contained_in_the_resource(self, client: Client) -> None:
        contained = [
            {"resourceType": "Organization", "id": "o", "name": "x"},
            {"resourceType": "Practitioner", "id": "p", "name": [{"family": "x"}]},
        ]
        references = [{"reference": "#o"}, {"reference": "#p"}]
        id = client.post("Patient", patient(contained=contained, generalPractitioner=references)).id
        value = ("valueReference", {"reference": "#o"})
        patch = fhirpath_patch(type="add", path="Patient", name="managingOrganization", value=value)
        more = fhirpath_patch(
            type="add", path="Patient.contained[1].name[0]", name="given", value=("valueString", "y")
        )
        patch["parameter"] += more["parameter"]
        answer = send(client, f"Patient/{id}", patch)
        assert answer.content["managingOrganization"] == value[1]
        assert answer.content["contained"][1]["name"] == [{"family": "x", "given": ["y"]}]
        nowhere = ("valueReference", {"reference": "#q"})
        patch = fhirpath_patch(type="replace", path="Patient.managingOrganization", value=nowhere)
        assert send(client, f"Patient/{id}", patch).status == 400

    def test_replacing_a_choice_may_change_its_type(self, client: Client) -> None:
        id = client.post("Observation", OBSERVATION | {"valueString": "9"}).id
        change = fhirpath_patch(type="replace", path="Observation.value", value=("valueInteger", 9))
        answer = send(client, f"Observation/{id}", change)
        assert answer.content["valueInteger"] == 9
        assert "valueString" not in answer.content

    def test_parts_make_an_anonymous_object(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        parts = [
            {"name": "name", "valueHumanName": {"text": "Aidant"}},
            {"name": "gender", "valueCode": "male"},
        ]
        change = fhirpath_patch(type="add", path="Patient", name="contact", value=parts)
        answer = send(client, f"Patient/{id}", change)
        assert answer.content["contact"] == [{"name": {"text": "Aidant"}, "gender": "male"}]

    def test_parts_are_written_as_the_definitions_say(self, client: Client) -> None:
        id = client.post("Observation", OBSERVATION).id
        parts = [
            {"name": "code", "part": [{"name": "coding", "valueCoding": {"code": "a"}}]},
            {"name": "value", "valueQuantity": {"value": 1}},
            {"name": "interpretation", "valueCodeableConcept": {"text": "x"}},
            {"name": "interpretation", "valueCodeableConcept": {"text": "y"}},
            {"name": "referenceRange", "part": [{"name": "text", "valueString": "z"}]},
        ]
        change = fhirpath_patch(type="add", path="Observation", name="component", value=parts)
        answer = send(client, f"Observation/{id}", change)
        assert answer.content["component"] == [
            {
                "code": {"coding": [{"code": "a"}]},
                "valueQuantity": {"value": 1},
                "interpretation": [{"text": "x"}, {"text": "y"}],
                "referenceRange": [{"text": "z"}],
            }
        ]

    def test_an_extension_is_added_by_its_parts_or_whole(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        parts = [
            {"name": "url", "valueUri": "urn:x"},
            {"name": "value", "valueDecimal": json.number("2.500")},
        ]
        change = fhirpath_patch(type="add", path="Patient", name="extension", value=parts)
        assert send(client, f"Patient/{id}", change).status == 200
        whole = {"url": "urn:x", "valueCode": "y"}
        change = fhirpath_patch(type="add", path="Patient", name="extension", value=("valueExtension", whole))
        answer = send(client, f"Patient/{id}", change)
        assert answer.content["extension"][1] == whole
        stored = client.engine.store.read("Patient", id)
        assert stored is not None
        assert b'"valueDecimal":2.500' in stored.body
        bad = fhirpath_patch(type="add", path="Patient", name="extension", value=("valueExtension", "x"))
        assert send(client, f"Patient/{id}", bad).status == 400

    def test_a_part_of_several_types_may_be_named_as_json_has_it(self, client: Client) -> None:
        id = client.post("Specimen", {"resourceType": "Specimen"}).id
        parts = [{"name": "timeDateTime", "valueDateTime": "2025-01-14T09:00:00Z"}]
        change = fhirpath_patch(type="add", path="Specimen", name="processing", value=parts)
        answer = send(client, f"Specimen/{id}", change)
        assert answer.content["processing"] == [{"timeDateTime": "2025-01-14T09:00:00Z"}]

    @pytest.mark.parametrize("name", ["colour", "gender"])
    def test_parts_that_make_no_object_are_refused(self, client: Client, name: str) -> None:
        id = client.post("Patient", patient()).id
        parts = [{"name": name, "valueCode": "male"}, {"name": name, "valueCode": "female"}]
        change = fhirpath_patch(type="add", path="Patient", name="contact", value=parts)
        assert send(client, f"Patient/{id}", change).status == 422

    @pytest.mark.parametrize(
        ("contact", "path", "left"),
        [
            (
                {"name": {"text": "a"}, "address": {"text": "b"}},
                "Patient.contact[0].name.text",
                [{"address": {"text": "b"}}],
            ),
            ({"name": {"text": "a"}}, "Patient.contact[0].name.text", None),
            ({"name": {"given": ["a"]}}, "Patient.contact[0].name.given[0]", None),
            (
                {"name": {"given": ["a"], "family": "b"}},
                "Patient.contact.name.given[0]",
                [{"name": {"family": "b"}}],
            ),
            (
                {"name": {"given": ["a", "b"], "_given": [GIVEN_EXTENSION, GIVEN_EXTENSION]}},
                "Patient.contact.name._given[0].extension[0]",
                [{"name": {"given": ["a", "b"], "_given": [None, GIVEN_EXTENSION]}}],
            ),
            (
                {"name": {"given": ["a", "b"], "_given": [GIVEN_EXTENSION, None]}},
                "Patient.contact.name._given[0].extension[0]",
                [{"name": {"given": ["a", "b"]}}],
            ),
        ],
    )
    def test_what_a_deletion_empties_goes_with_it(
        self, client: Client, contact: Any, path: str, left: Any
    ) -> None:
        id = client.post("Patient", patient(contact=[contact])).id
        change = fhirpath_patch(type="delete", path=path)
        answer = send(client, f"Patient/{id}", change)
        assert answer.status == 200, answer.content
        assert answer.content.get("contact") == left

    @pytest.mark.parametrize(
        ("parts", "given", "beside"),
        [
            (
                {
                    "type": "insert",
                    "path": "Patient.name[0].given",
                    "index": 1,
                    "value": ("valueString", "c"),
                },
                ["a", "c", "b"],
                [{"id": "1"}, None, {"id": "2"}],
            ),
            (
                {"type": "add", "path": "Patient.name[0]", "name": "given", "value": ("valueString", "c")},
                ["a", "b", "c"],
                [{"id": "1"}, {"id": "2"}, None],
            ),
            (
                {"type": "move", "path": "Patient.name[0].given", "source": 1, "destination": 0},
                ["b", "a"],
                [{"id": "2"}, {"id": "1"}],
            ),
            ({"type": "delete", "path": "Patient.name[0].given[0]"}, ["b"], [{"id": "2"}]),
            (
                {"type": "replace", "path": "Patient.name[0].given[0]", "value": ("valueString", "c")},
                ["c", "b"],
                [None, {"id": "2"}],
            ),
        ],
    )
    def test_extensions_stay_beside_their_values(
        self, client: Client, parts: dict[str, Any], given: Any, beside: Any
    ) -> None:
        name = {"given": ["a", "b"], "_given": [{"id": "1"}, {"id": "2"}]}
        id = client.post("Patient", patient(name=[name])).id
        answer = send(client, f"Patient/{id}", fhirpath_patch(**parts))
        assert answer.content["name"] == [{"given": given, "_given": beside}]

    def test_nulls_beyond_the_last_value_say_nothing(self, client: Client) -> None:
        name = {"given": ["a"], "_given": [{"id": "1"}, None, None]}
        id = client.post("Patient", patient(name=[name])).id
        added = fhirpath_patch(type="add", path="Patient.name[0]", name="given", value="b")
        answer = send(client, f"Patient/{id}", added)
        assert answer.content["name"] == [{"given": ["a", "b"], "_given": [{"id": "1"}, None]}]

    @pytest.mark.parametrize(
        "parameters",
        [
            {"colour": "red"},
            {"parameter": [{"name": "operation", "valueString": "x", "valueCode": "y"}]},
            {"parameter": [{"name": "operation", "part": [{"name": "type", "value": "add"}]}]},
        ],
    )
    def test_parameters_that_are_not_sound_are_refused(self, client: Client, parameters: Any) -> None:
        id = client.post("Patient", patient()).id
        patch = {"resourceType": "Parameters", **parameters}
        answer = send(client, f"Patient/{id}", patch)
        assert answer.status == 400
        assert answer.expressions

    @pytest.mark.parametrize(
        ("parts", "status"),
        [
            ({"type": "replace", "path": "Patient.gender", "value": ("valueCode", "male")}, 422),
            ({"type": "add", "path": "Patient", "name": "colour", "value": ("valueCode", "x")}, 422),
            ({"type": "add", "path": "Patient", "name": "active", "value": ("valueBoolean", False)}, 422),
            (
                {"type": "insert", "path": "Patient.name", "index": 5, "value": ("valueHumanName", FAMILY)},
                422,
            ),
            ({"type": "move", "path": "Patient.name", "source": 0, "destination": 3}, 422),
            ({"type": "delete", "path": "Patient.name.("}, 422),
            ({"type": "delete", "path": "Patient.telecom"}, 422),
            ({"type": "delete", "path": "Patient"}, 422),
            ({"type": "replace", "path": "Patient", "value": ("valueHumanName", FAMILY)}, 422),
            ({"type": "replace", "path": "Patient._birthDate", "value": ("valueHumanName", FAMILY)}, 422),
            ({"type": "paint", "path": "Patient"}, 400),
            ({"type": "add", "path": "Patient", "name": "gender"}, 400),
            ({"type": "replace", "path": "Patient.active", "value": ("valueString", "yes")}, 422),
            ({"type": "add", "path": "Patient", "name": "birthDate", "value": ("valueString", "1980")}, 422),
            ({"type": "add", "path": "Patient", "name": "birthDate", "value": ("valueDate", "soon")}, 400),
            ({"type": "delete", "path": "(" * 500 + "Patient.name" + ")" * 500}, 422),
            ({"type": "delete", "path": "Patient" + ".name" * 900}, 422),
            ({"type": "delete", "path": " " * 300_000 + "Patient.name"}, 422),
            ({"type": "move", "path": "Patient.contact", "source": 0, "destination": 0}, 422),
            ({"type": "move", "path": "Patient.telecom", "source": 2, "destination": 0}, 422),
            ({"type": "move", "path": "Patient.telecom", "source": 0, "destination": 2}, 422),
            ({"type": "move", "path": "Patient.telecom", "destination": 0}, 400),
            ({"type": "insert", "path": "Patient.active", "index": 0, "value": ("valueBoolean", True)}, 422),
            ({"type": "add", "path": "Patient.telecom", "name": "use", "value": ("valueCode", "home")}, 422),
            (
                {"type": "add", "path": "Patient.contact", "name": "gender", "value": ("valueCode", "male")},
                422,
            ),
            ({"type": "add", "path": "Patient", "name": "deceased", "value": ("valueBoolean", True)}, 422),
            ({"type": "delete", "path": "Patient.name | Patient.active"}, 422),
            ({"type": "delete"}, 400),
        ],
    )
    def test_what_cannot_be_done_changes_nothing(
        self, client: Client, parts: dict[str, Any], status: int
    ) -> None:
        telecom = [{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}]
        died = {"deceasedDateTime": "2025"}
        id = client.post("Patient", patient(active=True, telecom=telecom, **died)).id
        answer = send(client, f"Patient/{id}", fhirpath_patch(**parts))
        assert answer.status == status
        assert client.get(f"Patient/{id}").version == 1

    def test_an_extension_comes_and_goes_beside_its_value(self, client: Client) -> None:
        id = client.post("Patient", patient(birthDate="1980")).id
        value = ("valueExtension", GIVEN_EXTENSION["extension"][0])
        added = fhirpath_patch(type="add", path="Patient.birthDate", name="extension", value=value)
        answer = send(client, f"Patient/{id}", added).content
        assert (answer["birthDate"], answer["_birthDate"]) == ("1980", GIVEN_EXTENSION)
        gone = fhirpath_patch(type="delete", path="Patient.birthDate.extension[0]")
        answer = send(client, f"Patient/{id}", gone).content
        assert (answer["birthDate"], "_birthDate" in answer) == ("1980", False)

    def test_an_extension_of_a_primitive_goes_with_it(self, client: Client) -> None:
        id = client.post("Patient", patient(birthDate="1980-01-02", _birthDate=GIVEN_EXTENSION)).id
        change = fhirpath_patch(type="delete", path="Patient.birthDate")
        answer = send(client, f"Patient/{id}", change)
        assert "_birthDate" not in answer.content

    @pytest.mark.parametrize(
        "operations",
        [
            1,
            None,
            {},
            [None],
            [[]],
            [{"name": "operation", "part": 1}],
            [{"name": "operation", "part": [1]}],
            [{"name": "operation", "part": [{"name": ["type"]}]}],
            [{"name": "operation", "part": [{"name": "type", "valueCode": ["add"]}]}],
            [{"name": "operation", "part": [{"name": "value", "part": [{"valueCode": "x"}]}]}],
        ],
    )
    def test_what_is_no_list_of_operations_is_refused(self, client: Client, operations: Any) -> None:
        id = client.post("Patient", patient()).id
        patch = {"resourceType": "Parameters", "parameter": operations}
        assert send(client, f"Patient/{id}", patch).status == 400
        assert client.get(f"Patient/{id}").version == 1

    @pytest.mark.parametrize(
        "parts",
        [
            {"type": "add", "path": "Patient", "name": 5, "value": ("valueString", "x")},
            {"type": "insert", "path": "Patient.name", "index": ("valueString", "0"), "value": "x"},
            {"type": "move", "path": "Patient.name", "source": ("valueBoolean", True), "destination": 0},
        ],
    )
    def test_a_part_of_another_type_is_refused(self, client: Client, parts: dict[str, Any]) -> None:
        id = client.post("Patient", patient()).id
        answer = send(client, f"Patient/{id}", fhirpath_patch(**parts))
        assert answer.status == 400

    def test_a_part_given_twice_is_refused(self, client: Client) -> None:
        id = client.post("Patient", patient(gender="male")).id
        patch = fhirpath_patch(type="delete", path="Patient.name")
        patch["parameter"][0]["part"].append({"name": "path", "valueString": "Patient.gender"})
        assert send(client, f"Patient/{id}", patch).status == 400

    def test_an_index_beyond_any_list_leads_nowhere(self, client: Client) -> None:
        id = client.post("Patient", patient()).id
        path = f"Patient.name[{'9' * 5000}].family"
        patch = fhirpath_patch(type="replace", path=path, value=("valueString", "x"))
        assert send(client, f"Patient/{id}", patch).status == 422
        path = f"Patient.name[{'9' * 5000}]"
        patch = fhirpath_patch(type="replace", path=path, value=("valueHumanName", {"family": "x"}))
        assert send(client, f"Patient/{id}", patch).status == 422
