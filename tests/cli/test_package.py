"""package install and package list."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.definitions.packages.tgz import packed, special, value_set
from tests.structures import line, structure

Run = Callable[..., Any]


def test_what_is_installed_is_listed(run: Run, tmp_path: Path) -> None:
    packed(
        tmp_path / "a.tgz", {"ValueSet-a.json": value_set()}, title="The guide", dependencies={"b.c": "1.0.x"}
    )
    packed(tmp_path / "b.tgz", name="b.c", version="1.0.3")
    done = run("package", "install", "a.tgz", "b.tgz")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "example.guide#1.0.0: installed, 1 resource.",
        "b.c#1.0.3: installed, 0 resources.",
    ]
    listed = run("package", "list")
    assert listed.status == 0
    assert listed.out.splitlines() == [
        "b.c#1.0.3  0 resources",
        "example.guide#1.0.0  1 resource  The guide",
    ]
    again = run("package", "install", "a.tgz")
    assert (again.status, again.out) == (0, "example.guide#1.0.0: is installed already.\n")


def test_a_missing_dependency_is_one_line(run: Run, tmp_path: Path) -> None:
    packed(tmp_path / "a.tgz", dependencies={"b.c": "2.0.0"})
    refused = run("package", "install", "a.tgz")
    assert refused.status == 1
    assert refused.err.startswith("fhir-server: example.guide#1.0.0 needs b.c#2.0.0, which is neither")
    assert refused.err.count("\n") == 1
    assert run("package", "list").out.startswith("No package is installed")
    assert run("package", "install", "a.tgz", "--without-dependencies").status == 0


@pytest.mark.parametrize("name", ["a.tgz", "missing.tgz"])
def test_a_faulty_package_is_one_line(run: Run, tmp_path: Path, name: str) -> None:
    packed(tmp_path / "a.tgz", extra=[special("package/x.json", tarfile.SYMTYPE, "/etc/passwd")])
    packed(tmp_path / "good.tgz", name="good")
    refused = run("package", "install", "good.tgz", name)
    assert refused.status == 1
    assert name in refused.err
    assert refused.err.count("\n") == 1
    assert run("package", "list").status == 1, "no store was made, let alone half a package installed"


def test_what_is_left_out_is_told(run: Run, tmp_path: Path) -> None:
    packed(tmp_path / "a.tgz", {"ValueSet-a.json": {"resourceType": "ValueSet", "status": "nonsense"}})
    done = run("package", "install", "a.tgz")
    assert done.status == 0
    first, second = done.out.splitlines()
    assert first.startswith("example.guide#1.0.0: ValueSet-a.json is left out: ")
    assert second == "example.guide#1.0.0: installed, 0 resources."


def test_a_store_in_memory_keeps_no_package(run: Run, tmp_path: Path) -> None:
    packed(tmp_path / "a.tgz")
    refused = run("package", "install", "a.tgz", "--store", "memory:")
    assert (refused.status, "memory: forgets" in refused.err) == (1, True)


def test_files_are_validated_by_packages_without_a_store(run: Run, tmp_path: Path) -> None:
    url = "https://example.org/fhir/StructureDefinition/named"
    profile = structure(url, "Patient", line("Patient.name", min=1))
    packed(tmp_path / "a.tgz", {"StructureDefinition-named.json": profile})
    (tmp_path / "patient.json").write_text('{"resourceType":"Patient","meta":{"profile":["' + url + '"]}}')
    checked = run("validate", "patient.json", "--package", "a.tgz")
    assert checked.status == 1
    assert "Patient.name" in checked.out
    packed(tmp_path / "b.tgz", {"StructureDefinition-named.json": profile | {"kind": "nonsense"}})
    faulty = run("validate", "patient.json", "--package", "b.tgz")
    assert faulty.status == 1
    assert faulty.err.startswith("fhir-server: b.tgz: member StructureDefinition-named.json cannot be used: ")


def test_packages_are_removed(run: Run, tmp_path: Path) -> None:
    packed(tmp_path / "a.tgz", {"ValueSet-a.json": value_set()}, dependencies={"b.c": "1.0.x"})
    packed(tmp_path / "b.tgz", name="b.c", version="1.0.3")
    assert run("package", "install", "a.tgz", "b.tgz").status == 0
    refused = run("package", "remove", "b.c")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "example.guide#1.0.0 needs b.c#1.0.x" in refused.err
    gone = run("package", "remove", "example.guide#1.0.0")
    assert (gone.status, gone.out) == (0, "example.guide#1.0.0: removed.\n")
    assert run("package", "list").out == "b.c#1.0.3  0 resources\n"
    unknown = run("package", "remove", "example.guide", "b.c")
    assert (unknown.status, unknown.err.count("\n")) == (1, 1)
    assert "No package example.guide is installed" in unknown.err
    assert run("package", "remove", "b.c").out == "b.c#1.0.3: removed.\n"
    assert run("package", "list").out.startswith("No package is installed")
