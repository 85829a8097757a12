"""What packages need of one another."""

import pytest

from fhir_server.definitions.packages.dependencies import missing_dependencies
from fhir_server.definitions.packages.package import PackageIndex


def package(name: str, version: str = "1.0.0", **dependencies: str) -> PackageIndex:
    return PackageIndex(
        name, version, dependencies={name.replace("_", "."): v for name, v in dependencies.items()}
    )


def test_what_is_neither_given_nor_installed_is_named() -> None:
    guide = package("guide", hl7_fhir_r4_core="4.0.1", b="2.0.0", c="1.0.0", d="1.0.0")
    found = missing_dependencies([guide, package("c")], [package("d"), package("b", "1.0.0")])
    assert list(found) == [("guide#1.0.0", "b#2.0.0")]


def test_packages_may_need_each_other() -> None:
    assert list(missing_dependencies([package("a", b="1.0.0"), package("b", a="1.0.0")], [])) == []


@pytest.mark.parametrize("part", ["core", "r4_core", "r4_expansions", "r4_examples"])
def test_r4_itself_is_there(part: str) -> None:
    assert list(missing_dependencies([package("a", **{f"hl7_fhir_{part}": "4.0.1"})], [])) == []


def test_the_core_of_another_fhir_is_missing() -> None:
    assert list(missing_dependencies([package("a", hl7_fhir_r4_core="5.0.0")], [])) == [
        ("a#1.0.0", "hl7.fhir.r4.core#5.0.0")
    ]


@pytest.mark.parametrize(
    ("wanted", "there", "fits"),
    [
        ("2.1.0", "2.1.0", True),
        ("2.1.0", "2.1.1", False),
        ("2.1.x", "2.1.7", True),
        ("2.1.x", "2.10.0", False),
        ("2.x", "2.10.0", True),
        ("2.1.*", "2.1.7", True),
        ("current", "0.0.1", True),
        ("current$main", "0.0.1", True),
        ("latest", "0.0.1", True),
    ],
)
def test_a_version_fits_the_one_wanted(wanted: str, there: str, fits: bool) -> None:
    assert (list(missing_dependencies([package("a", b=wanted)], [package("b", there)])) == []) is fits
