"""https://hl7.org/fhir/R4/http.html#capabilities"""

from typing import Any

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.operations.terminology.expand import EXPAND_PARAMETERS
from fhir_server.validation.validator import Validator
from tests.interactions.client import BASE, Client, ClientFactory


def resource(statement: dict[str, Any], type: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in statement["rest"][0]["resource"] if r["type"] == type)
    return found


def test_every_type_and_its_parameters_are_listed(client: Client) -> None:
    statement = client.get("metadata").content
    types = [resource["type"] for resource in statement["rest"][0]["resource"]]
    assert types == list(client.engine.registry.resource_types)
    assert len(types) > 140
    names = {parameter["name"] for parameter in resource(statement, "Patient")["searchParam"]}
    assert {"identifier", "family", "birthdate", "_id", "_lastUpdated"} <= names


def test_what_is_done_with_a_type_is_told(client: Client) -> None:
    told = resource(client.get("metadata").content, "Patient")
    done = ("readHistory", "updateCreate", "conditionalCreate", "conditionalUpdate")
    assert [told[name] for name in done] == [True] * len(done)


def test_includes_are_listed_as_they_are_served(client: Client) -> None:
    """R4: a type whose list is empty has no includes of that kind."""
    statement = client.get("metadata").content
    for type, references in (("Patient", {"Patient:organization"}), ("Bundle", {"Bundle:composition"})):
        listed = resource(statement, type)
        assert listed["searchInclude"][0] == listed["searchRevInclude"][0] == "*"
        assert references < set(listed["searchInclude"])
        for name, found in (
            ("_include", listed["searchInclude"]),
            ("_revinclude", listed["searchRevInclude"]),
        ):
            assert client.get(f"{type}?{'&'.join(f'{name}={one}' for one in found)}").status == 200
    assert resource(statement, "Binary")["searchRevInclude"] == ["*"]


def test_it_has_a_name_and_a_version(client: Client) -> None:
    software = client.engine.software
    for mode, name in (("full", "Capabilities"), ("terminology", "Terminology")):
        statement = client.get(f"metadata?mode={mode}").content
        named = (statement["name"], statement["title"], statement["version"])
        assert named == (name, software.name, software.version)


def test_parts_of_it_can_be_asked_for(client: Client) -> None:
    assert "rest" not in client.get("metadata?_elements=software").content
    summary = client.get("metadata?_summary=true").content
    assert len(summary["rest"][0]["resource"]) > 140
    assert "documentation" not in summary["rest"][0]
    assert summary["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert client.get("metadata?_summary=nothing").status == 400


def test_its_etag_changes_with_it(client: Client) -> None:
    before = client.get("metadata").version
    assert before is not None
    assert client.get("metadata").version == before
    assert client.get("metadata?mode=terminology").version != before
    known = client.get("metadata", if_none_match=f'W/"{before}"')
    assert (known.status, known.version) == (304, before)
    assert client.get("metadata?mode=terminology", if_none_match=f'W/"{before}"').status == 200
    client.post(
        "SearchParameter",
        {
            "resourceType": "SearchParameter",
            "url": "http://example.org/SearchParameter/maiden",
            "name": "Maiden",
            "status": "active",
            "description": "x",
            "code": "maiden",
            "base": ["Patient"],
            "type": "string",
            "expression": "Patient.name.family",
        },
    )
    assert client.get("metadata").version != before


def test_searches_are_told_as_they_are_served(client: Client) -> None:
    statement = client.get("metadata").content
    names = {parameter["name"] for parameter in resource(statement, "Location")["searchParam"]}
    assert {"near", "_text", "_content", "_filter", "_list", "_has"} <= names
    assert "_query" not in names
    documentation = statement["rest"][0]["documentation"]
    assert "* string: :missing, :exact, :contains, :text\n" in documentation
    assert "* date: :missing; prefixes eq, ne, gt, lt, ge, le, sa, eb, ap\n" in documentation


def test_the_statement_is_a_valid_resource(client: Client, validator: Validator) -> None:
    for mode in ("full", "normative", "terminology"):
        issues = validator.validate(client.get(f"metadata?mode={mode}").content)
        assert [issue.key for issue in issues] == ["dom-6"]  # it is for machines: no narrative


def test_it_says_where_and_what_the_server_is(client: Client) -> None:
    statement = client.get("metadata").content
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == BASE
    assert statement["software"]["name"] == "test"


def test_settings_and_plug_ins_show(client_with: ClientFactory) -> None:
    def nothing(_request: FhirRequest, _context: Engine) -> FhirResponse:
        return FhirResponse(200)

    operation = Operation("renew", "urn:renew", frozenset({"instance"}), nothing, frozenset({"CarePlan"}))
    client = client_with(operations=(operation,), conditional_delete_multiple=True)
    statement = client.get("metadata").content
    assert resource(statement, "CarePlan")["operation"] == [{"name": "renew", "definition": "urn:renew"}]
    assert "operation" not in resource(statement, "Patient")
    assert resource(statement, "Patient")["conditionalDelete"] == "multiple"


def test_terminology_mode_lists_code_systems_and_what_is_done_with_them(client: Client) -> None:
    own = {"resourceType": "CodeSystem", "id": "own", "url": "urn:own", "version": "7", "status": "active"}
    client.put("CodeSystem/own", {**own, "content": "complete"})
    content = client.get("metadata?mode=terminology").content
    assert content["resourceType"] == "TerminologyCapabilities"
    systems = {system["uri"]: system for system in content["codeSystem"]}
    assert systems["urn:own"]["version"] == [{"code": "7", "isDefault": True}]
    assert systems["http://unitsofmeasure.org"] == {"uri": "http://unitsofmeasure.org", "subsumption": False}
    assert systems["http://hl7.org/fhir/administrative-gender"]["version"][0]["code"] == "4.0.1"
    named = {parameter["name"] for parameter in content["expansion"]["parameter"]}
    without_effect = {"cache-id", "diagnostics", "uuid", "incomplete-ok", "limitedExpansion"}
    without_effect.add("default-to-latest-version")
    assert named == EXPAND_PARAMETERS.keys() - without_effect
    assert client.get("metadata?mode=other").status == 400
