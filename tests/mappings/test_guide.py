"""The guide is found, has its version and date, can be rebased, and is valid R4."""

import re
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from mappings.sesame import PROGRAMME
from mappings.sesame.guide import load_guide, read_guide
from tests.mappings.validity import errors

ROOT = "https://sesame.example/fhir"
GUIDE = read_guide()
RESOURCES = load_guide()


OWN = [found for found in RESOURCES if found.get("url", ROOT).startswith(ROOT)]
"""What the guide publishes itself; of code systems of others it has a part."""


@pytest.fixture(params=RESOURCES, ids=lambda found: f"{found['resourceType']}-{found['id']}")
def resource(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_it_is_sound_r4(resource: dict[str, Any]) -> None:
    assert errors(resource) == []


def test_the_second_opinion_reads_it(resource: dict[str, Any]) -> None:
    model = get_fhir_model_class(resource["resourceType"])
    read: Any = model.model_validate_json(json.serialise(resource))
    assert read.id == resource["id"]


@pytest.fixture(params=OWN, ids=lambda found: f"{found['resourceType']}-{found['id']}")
def own(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_its_url_is_root_type_and_id(own: dict[str, Any]) -> None:
    expected = f"{ROOT}/{own['resourceType']}/{own['id']}"
    url = own["uniqueId"][0]["value"] if own["resourceType"] == "NamingSystem" else own["url"]
    assert url == expected


def test_it_bears_the_date_and_version_of_the_guide(own: dict[str, Any]) -> None:
    assert own["date"] == GUIDE.date
    assert own["publisher"]
    assert own["status"] == "active"
    if own["resourceType"] != "NamingSystem":
        assert own["version"] == GUIDE.version


def test_it_speaks_french(own: dict[str, Any]) -> None:
    assert own["language"] == "fr"


def test_it_is_named_and_described(resource: dict[str, Any]) -> None:
    assert resource["description"]
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"])


def test_no_two_resources_share_an_identity() -> None:
    names = [(found["resourceType"], found["id"]) for found in RESOURCES]
    assert len(set(names)) == len(names)
    urls = [found["url"] for found in RESOURCES if "url" in found]
    assert len(set(urls)) == len(urls)


def test_the_implementation_guide_lists_all_the_others() -> None:
    (head,) = [found for found in RESOURCES if found["resourceType"] == "ImplementationGuide"]
    listed = {entry["reference"]["reference"] for entry in head["definition"]["resource"]}
    assert listed == {f"{r['resourceType']}/{r['id']}" for r in RESOURCES if r is not head}


def test_the_implementation_guide_sorts_what_it_lists_into_its_groups() -> None:
    (head,) = [found for found in RESOURCES if found["resourceType"] == "ImplementationGuide"]
    groups = {group["id"] for group in head["definition"]["grouping"]}
    assert {entry["groupingId"] for entry in head["definition"]["resource"]} == groups


@pytest.mark.parametrize("root", ["https://fhir.autre.example/r4", "https://fhir.autre.example/r4/"])
def test_the_guide_can_be_rebased(root: str) -> None:
    rebased = json.serialise(load_guide(root)).decode()
    assert ROOT not in rebased
    assert rebased.replace("https://fhir.autre.example/r4", ROOT) == json.serialise(RESOURCES).decode()


def test_the_guide_gives_names_in_its_root() -> None:
    guide = read_guide("https://fhir.autre.example/r4")
    assert guide.root == "https://fhir.autre.example/r4"
    assert guide.profile("sesame-claim") == f"{guide.root}/StructureDefinition/sesame-claim"
    assert guide.coding("sesame-track", "leger") == {
        "system": f"{guide.root}/CodeSystem/sesame-track",
        "code": "leger",
        "display": "SÉSAME léger",
    }


def test_a_code_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_guide().coding("sesame-track", "moyen")


def test_the_programme_offers_the_guide_and_the_cohort() -> None:
    assert PROGRAMME.name == "sesame"
    assert PROGRAMME.version == read_guide().version
    assert list(PROGRAMME.guide(None)) == RESOURCES
    assert next(iter(PROGRAMME.demo(None)))["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("type", "code", "kind"),
    [
        ("CarePlan", "sequence-rank", "number"),
        ("CarePlan", "track", "token"),
        ("Claim", "forfait", "token"),
        ("Claim", "service-date", "date"),
        ("Claim", "sequence-rank", "number"),
        ("EpisodeOfCare", "exit-reason", "token"),
        ("Task", "billing-state", "token"),
        ("Observation", "outcome", "token"),
    ],
)
def test_the_registry_knows_the_search_parameters(type: str, code: str, kind: str) -> None:
    assert Registry.r4().with_guides(RESOURCES).search_parameters(type)[code].type == kind
