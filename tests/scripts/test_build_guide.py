"""The guide's package can be installed by others: well formed, on its root, valid R4."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.packages.archive import read_package
from fhir_server.definitions.registry import Registry
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.validator import Validator
from mappings.sesame.guide import read_guide
from scripts.build_guide import main
from tests.profiles.examples import examples

ROOT = "https://fhir.autre.example/sesame"
OWN_ROOT = read_guide().root


def files_of(package: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes()), mode="r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    assert main(["--root", ROOT, "--output", str(folder)]) == 0
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def files(package: Path) -> dict[str, Any]:
    return {name: json.parse(body) for name, body in files_of(package).items()}


@pytest.fixture(scope="module")
def resources(files: dict[str, Any]) -> list[dict[str, Any]]:
    return [found for found in files.values() if "resourceType" in found]


def test_it_is_named_after_the_guide_and_its_version(package: Path) -> None:
    assert package.name == f"sesame.fhir.r4-{read_guide().version}.tgz"


def test_the_manifest_says_what_it_is(files: dict[str, Any]) -> None:
    manifest = files["package/package.json"]
    assert manifest["name"] == "sesame.fhir.r4"
    assert manifest["canonical"] == ROOT
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}


def test_this_server_can_install_it(package: Path, files: dict[str, Any]) -> None:
    index = read_package(package).index
    assert index.label == f"sesame.fhir.r4#{read_guide().version}"
    assert index.left_out == {}
    definitions = {url for type, url, _, _ in index.resources if type == "StructureDefinition"}
    assert definitions == {
        body["url"] for body in files.values() if body.get("resourceType") == "StructureDefinition"
    }


@pytest.mark.parametrize("folder", ["package", "package/example"])
def test_the_index_lists_every_file(files: dict[str, Any], folder: str) -> None:
    index = files[f"{folder}/.index.json"]
    assert index["index-version"] == 1
    listed = {entry["filename"]: (entry["resourceType"], entry["id"]) for entry in index["files"]}
    found = {
        name.rpartition("/")[2]: (body["resourceType"], body["id"])
        for name, body in files.items()
        if name.rpartition("/")[0] == folder and "resourceType" in body
    }
    assert listed == found


def test_it_holds_the_whole_guide_and_all_the_examples(files: dict[str, Any]) -> None:
    assert len([name for name in files if name.startswith("package/example/")]) == len(examples()) + 1
    for resource in read_guide(ROOT).resources:
        held = files[f"package/{resource['resourceType']}-{resource['id']}.json"]
        assert all(held[name] == value for name, value in resource.items() if name != "definition")


def test_every_canonical_is_under_the_root(files: dict[str, Any]) -> None:
    assert not [name for name, body in files.items() if OWN_ROOT in json.serialise(body).decode()]
    for resource in files.values():
        if "url" in resource and "resourceType" in resource and resource.get("content") != "fragment":
            assert resource["url"].startswith(f"{ROOT}/")


def test_every_profile_has_a_snapshot_that_a_reader_of_r4_accepts(resources: list[dict[str, Any]]) -> None:
    definitions = [found for found in resources if found["resourceType"] == "StructureDefinition"]
    assert definitions
    for definition in definitions:
        elements = definition["snapshot"]["element"]
        assert elements[0]["path"] == definition["type"]
        for element in elements:
            assert element["definition"]
            assert element["base"]
            assert element["min"] >= 0
            assert element["max"]


def test_the_implementation_guide_says_which_profile_an_example_shows(files: dict[str, Any]) -> None:
    listed = files["package/ImplementationGuide-sesame.json"]["definition"]["resource"]
    shown = {
        entry["reference"]["reference"]: entry["exampleCanonical"]
        for entry in listed
        if "exampleCanonical" in entry
    }
    assert shown["Claim/facture-1"] == f"{ROOT}/StructureDefinition/sesame-claim"
    assert len(shown) == len(examples())


def test_every_resource_is_sound_by_the_profiles_of_the_package_itself(
    resources: list[dict[str, Any]],
) -> None:
    registry = Registry.r4().with_guides(resources)
    validator = Validator(registry, FhirPath(), Terminology(registry), CHECKS)
    for resource in resources:
        issues = validator.validate(resource)
        assert [str(issue) for issue in issues if issue.severity in ("fatal", "error")] == [], resource["id"]


def test_the_second_opinion_reads_every_resource(resources: list[dict[str, Any]]) -> None:
    for resource in resources:
        model = get_fhir_model_class(resource["resourceType"])
        read: Any = model.model_validate_json(json.serialise(resource))
        assert read.id == resource["id"]


def test_it_is_the_same_each_time(package: Path, tmp_path: Path) -> None:
    main(["--root", ROOT, "--output", str(tmp_path)])
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


@pytest.mark.parametrize("root", ["fhir.example", "file:///tmp"])
def test_a_root_that_is_no_web_address_is_refused(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["--root", root])
    assert exit.value.code == 2
    assert root in capsys.readouterr().err
