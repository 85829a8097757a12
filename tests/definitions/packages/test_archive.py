"""Package files are read with care. https://confluence.hl7.org/display/FHIR/NPM+Package+Specification"""

import gzip
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.definitions.packages import archive
from fhir_server.definitions.packages.archive import read_package
from fhir_server.errors import MalformedContent
from tests.definitions.packages.tgz import HERE, archived, manifest, packed, special, value_set


def refusal(path: Path) -> str:
    """What is said of a package: one line."""
    with pytest.raises(MalformedContent) as caught:
        read_package(path)
    [issue] = caught.value.issues
    said = issue.text.render()
    assert "\n" not in said
    assert issue.text.render("fr") != said
    return said


def test_conformance_resources_of_the_package_itself_are_taken(tmp_path: Path) -> None:
    path = archived(
        tmp_path / "p.tgz",
        {
            "package/ValueSet-colours.json": value_set(),
            "package/Patient-example.json": {"resourceType": "Patient", "id": "example"},
            "package/example/ValueSet-other.json": value_set("other"),
            "package/other/spec.internals": b"\x00",
            "package/.index.json": b"{}",
            "package/package.json": manifest(title="Guide", dependencies={"a.b": "1.0.0"}),
        },
    )
    package = read_package(path)
    assert (package.index.label, package.index.title) == ("example.guide#1.0.0", "Guide")
    assert package.index.dependencies == {"a.b": "1.0.0"}
    assert package.index.resources == (
        ("ValueSet", HERE + "ValueSet/colours", "1.0.0", "ValueSet-colours.json"),
    )
    [entry] = package.index.entries()
    assert entry.key == "example.guide#1.0.0/ValueSet-colours.json"
    assert set(package.bodies) == {"ValueSet-colours.json"}


@pytest.mark.parametrize(
    "name", ["../evil.json", "package/../../evil.json", "/etc/evil", "C:/evil", "package\\..\\x"]
)
def test_members_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    said = refusal(archived(tmp_path / "p.tgz", {"package/package.json": manifest(), name: b"{}"}))
    assert name in said
    assert "leads out" in said


@pytest.mark.parametrize("type", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_members_that_are_no_files_are_refused(tmp_path: Path, type: bytes) -> None:
    said = refusal(packed(tmp_path / "p.tgz", extra=[special("package/link.json", type, "/etc/passwd")]))
    assert "package/link.json" in said


def test_a_bomb_is_refused_before_it_has_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "RATIO_FROM_BYTES", 100_000)
    path = packed(tmp_path / "p.tgz", {"a.json": b" " * 10_000_000})
    assert "more than 200 times" in refusal(path)


def test_sizes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "p.tgz", {"ValueSet-a.json": value_set()})
    monkeypatch.setattr(archive, "MEMBER_BYTES_MAX", 100)
    assert "package/ValueSet-a.json has" in refusal(path)
    monkeypatch.undo()
    monkeypatch.setattr(archive, "TOTAL_BYTES_MAX", 1000)
    assert "unpacks to more than 1000 bytes" in refusal(path)
    monkeypatch.undo()
    monkeypatch.setattr(archive, "MEMBERS_MAX", 1)
    assert "package/ValueSet-a.json is the first too many" in refusal(path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"resourceType":', "not valid JSON"),
        (b'{"resourceType":"ValueSet","id":"a","id":"b"}', "id"),
        (b"\xff", ""),
    ],
)
def test_broken_json_names_its_member(tmp_path: Path, body: bytes, reason: str) -> None:
    said = refusal(packed(tmp_path / "p.tgz", {"ValueSet-a.json": body}))
    assert "package/ValueSet-a.json" in said
    assert reason in said


@pytest.mark.parametrize("content", [b"[]", b'"text"', {"id": "a"}, {"resourceType": 3}])
def test_what_is_no_resource_names_its_member(tmp_path: Path, content: Any) -> None:
    assert "package/a.json is no resource" in refusal(packed(tmp_path / "p.tgz", {"a.json": content}))


def test_files_of_tools_are_passed_over(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.tgz", {"ig-r4.json": {"some": "settings"}})
    assert read_package(path).index.resources == ()


def test_a_member_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "p.tgz"
    with tarfile.open(path, "w:gz") as archive_:
        for _ in range(2):
            archive_.addfile(tarfile.TarInfo("package/a.json"))
    assert "package/a.json" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"text", gzip.compress(b"no tar", mtime=0), gzip.compress(b"x" * 5000, mtime=0)[:-20]]
)
def test_what_is_no_package_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.tgz"
    path.write_bytes(content)
    assert refusal(path).startswith("p.tgz is no FHIR package")


def test_a_package_cut_short_is_told_so(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.tgz", {f"ValueSet-{i}.json": value_set(str(i)) for i in range(50)})
    path.write_bytes(path.read_bytes()[:-200])
    assert refusal(path).startswith("p.tgz is no FHIR package")


def test_a_package_has_a_manifest(tmp_path: Path) -> None:
    path = archived(tmp_path / "p.tgz", {"package/ValueSet-a.json": value_set()})
    assert "no package/package.json" in refusal(path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fhirVersions": ["5.0.0"]}, "is for FHIR 5.0.0"),
        ({"fhirVersions": ["3.0.2", "4.3.0"]}, "is for FHIR 3.0.2, 4.3.0"),
        ({"fhirVersions": []}, "fhirVersions"),
        ({"fhirVersions": None, "dependencies": {}}, "fhirVersions"),
        ({"name": "../evil"}, "name"),
        ({"name": 3}, "name"),
        ({"version": "1/2"}, "version"),
        ({"version": None}, "version"),
        ({"dependencies": {"a": 1}}, "dependencies"),
        ({"dependencies": ["a"]}, "dependencies"),
        ({"name": "hl7.fhir.r4.core", "version": "4.0.1"}, "built into this server"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path = archived(tmp_path / "p.tgz", {"package/package.json": manifest() | changed})
    assert said in refusal(path)


@pytest.mark.parametrize("core", ["hl7.fhir.r4.core", "hl7.fhir.core"])
def test_the_version_of_fhir_may_follow_from_the_core_package(tmp_path: Path, core: str) -> None:
    old = {"name": "a.b", "version": "1.0.0", "dependencies": {core: "4.0.1"}}
    path = archived(tmp_path / "p.tgz", {"package/package.json": old})
    assert read_package(path).index.label == "a.b#1.0.0"


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_damaged_package_is_read_or_refused(noise: bytes, place: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = packed(Path(folder) / "p.tgz", {"ValueSet-a.json": value_set()})
        whole = path.read_bytes()
        path.write_bytes(whole[:place] + noise + whole[place + len(noise) :])
        with suppress(MalformedContent):
            assert read_package(path).index.name
