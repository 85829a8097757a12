"""Profiles are checked by making their snapshots."""

from typing import Any

import pytest

from fhir_server.validation.checks.structure_definition import StructureDefinitionCheck
from tests.definitions.snapshot.profiles import HERE, profile
from tests.structures import line
from tests.validation.checks.runner import Runner

CHECK = StructureDefinitionCheck()


def test_a_profile_that_narrows_is_sound(run: Runner) -> None:
    assert run.issues(CHECK, profile("Patient", line("Patient.name", min=1))) == []


def test_each_line_that_widens_is_an_error(run: Runner) -> None:
    issues = run.issues(
        CHECK, profile("Observation", line("Observation.status", min=0), line("Observation.stauts"))
    )
    assert [(issue.severity, issue.key, issue.expression) for issue in issues] == [
        ("error", "snapshot", ("StructureDefinition.differential.element[0].min",)),
        ("error", "snapshot", ("StructureDefinition.differential.element[1].path",)),
    ]


def test_what_has_to_be_mended_elsewhere_is_a_warning(run: Runner) -> None:
    [issue] = run.issues(CHECK, profile("Patient", base="unknown"))
    assert (issue.severity, issue.expression) == ("warning", ("StructureDefinition.baseDefinition",))


@pytest.mark.parametrize(
    "changed",
    [
        {"derivation": "specialization", "type": "Patiente"},
        {"derivation": None, "baseDefinition": None},
        {"differential": None},
        {"url": None},
    ],
)
def test_what_is_no_profile_is_left_alone(run: Runner, changed: dict[str, Any]) -> None:
    definition = profile("Patient", line("Patient.nome")) | changed
    assert run.issues(CHECK, {name: value for name, value in definition.items() if value is not None}) == []


def test_a_profile_that_derives_from_itself_is_an_error(run: Runner) -> None:
    [issue] = run.issues(CHECK, profile("Patient", name="a", base="a"))
    assert issue.severity == "error"
    assert f"{HERE}a > {HERE}a" in issue.text.render()


def found(run: Runner, definition: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    return run.found(CHECK, {name: value for name, value in definition.items() if value is not None})


@pytest.mark.parametrize(
    ("changed", "key", "place"),
    [
        ({"derivation": None}, "derivation", "derivation"),
        ({"derivation": "specialization"}, "derivation", "type"),
        ({"context": [{"type": "element", "expression": "Patient"}]}, "extension-context", "context"),
        ({"contextInvariant": ["name.exists("]}, "expression", "contextInvariant[0]"),
    ],
)
def test_type_base_and_derivation_fit_each_other(
    run: Runner, changed: dict[str, Any], key: str, place: str
) -> None:
    definition = profile("Patient", line("Patient.name", min=1)) | changed
    assert found(run, definition) == [("warning", key, f"StructureDefinition.{place}")]


def test_an_invariant_that_cannot_be_read_is_told_at_its_place(run: Runner) -> None:
    constraints = [
        {"key": key, "severity": "error", "human": "A name.", "expression": expression}
        for key, expression in (("a-1", "name.exists()"), ("a-2", "name.exists("))
    ]
    definition = profile("Patient", line("Patient.name"), line("Patient", constraint=constraints))
    place = "StructureDefinition.differential.element[1].constraint[1].expression"
    assert ("warning", "expression", place) in found(run, definition)


def test_lines_follow_each_other_as_the_elements_do(run: Runner) -> None:
    names = ("Patient.name", "Patient.birthDate", "Patient.gender", "Patient.active")
    definition = profile("Patient", *(line(name, mustSupport=True) for name in names))
    assert found(run, definition) == [
        ("warning", "element-order", f"StructureDefinition.differential.element[{index}]") for index in (2, 3)
    ]


def test_slices_stand_where_their_element_stands(run: Runner) -> None:
    slicing = {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"}
    definition = profile(
        "Patient",
        line("Patient.name", slicing=slicing),
        line("Patient.name:naissance", min=1),
        line("Patient.name:naissance.use", patternCode="maiden"),
        line("Patient.birthDate", min=1),
    )
    assert found(run, definition) == []


@pytest.mark.parametrize("lines", [[], [line("Extension.url", fixedUri=f"{HERE}autre")]])
def test_an_extension_fixes_its_own_url(run: Runner, lines: list[dict[str, Any]]) -> None:
    definition = profile("Extension", line("Extension"), *lines)
    assert found(run, definition) == [("warning", "extension-url", "StructureDefinition.differential")]
    own = profile("Extension", line("Extension"), line("Extension.url", fixedUri=f"{HERE}a"))
    assert found(run, own) == []


def test_a_profile_is_of_the_kind_of_its_base(run: Runner) -> None:
    definition = profile("Patient", line("Patient.name", min=1)) | {"kind": "logical"}
    assert run.found(CHECK, definition) == [("warning", "derivation", "StructureDefinition.kind")]


@pytest.mark.parametrize(
    ("path", "types", "is_bound"),
    [
        ("Patient.gender", None, True),
        ("Patient.name.family", None, True),
        ("Patient.birthDate", None, False),
        ("Patient.birthDate", ["date"], False),
        ("Patient.deceased[x]", ["boolean", "dateTime"], False),
    ],
)
def test_what_is_bound_has_codes_or_texts(
    run: Runner, path: str, types: list[str] | None, is_bound: bool
) -> None:
    binding = {"strength": "required", "valueSet": "http://example.org/v"}
    of_types = {} if types is None else {"type": [{"code": code} for code in types]}
    place = ("warning", "binding-type", "StructureDefinition.differential.element[0].binding")
    found = run.found(CHECK, profile("Patient", line(path, binding=binding, **of_types)))
    assert found == ([] if is_bound else [place])


BASE = "http://hl7.org/fhir/StructureDefinition/"


@pytest.mark.parametrize(
    ("path", "code", "canonical", "fits"),
    [
        ("Patient.name", "HumanName", f"{BASE}HumanName", True),
        ("Patient.name", "HumanName", "http://example.org/unknown", True),
        ("Patient.name", "HumanName", f"{BASE}Count", False),
        ("Observation.value[x]", "Quantity", f"{BASE}Count", False),
        ("Observation.value[x]", "Quantity", f"{BASE}SimpleQuantity", True),
        ("Patient.contained", "Resource", f"{BASE}bp", True),
        ("Patient.extension", "Extension", f"{BASE}patient-birthPlace", True),
    ],
)
def test_the_profile_of_a_type_is_of_that_type(
    run: Runner, path: str, code: str, canonical: str, fits: bool
) -> None:
    typed = line(path, type=[{"code": code, "profile": [canonical]}])
    place = "StructureDefinition.differential.element[0].type[0].profile[0]"
    found = [one for one in run.found(CHECK, profile(path.partition(".")[0], typed)) if one[1] != "snapshot"]
    assert found == ([] if fits else [("warning", "derivation", place)])


def discriminators(*found: tuple[str, str]) -> dict[str, Any]:
    return {"rules": "open", "discriminator": [{"type": type, "path": path} for type, path in found]}


@pytest.mark.parametrize(
    ("sliced", "type", "path"),
    [
        ("Patient.identifier", "value", "system"),
        ("Patient.identifier", "exists", "assigner.identifier.value"),
        ("Patient.name", "value", "$this"),
        ("Patient.link", "profile", "other.resolve()"),
        ("Patient.link", "value", "other.resolve().active"),
        ("Patient.contact", "value", "relationship.coding.code"),
        ("Patient.contact", "value", "extension('http://example.org/x').value"),
        ("Patient.contained", "value", "anything"),
        ("Patient.deceased[x]", "type", "$this"),
        ("Observation.component", "value", "value.ofType(Quantity).code"),
        ("Observation.component", "value", "value.unit"),
        ("Observation.component.valueCodeableConcept.coding", "value", "code"),
        ("Questionnaire.item.item", "value", "item.linkId"),
        ("Bundle.entry", "type", "resource"),
        ("Bundle.entry", "value", "resource.gender"),
        ("Bundle.entry", "value", "link.relation"),
    ],
)
def test_a_discriminator_leads_to_an_element(run: Runner, sliced: str, type: str, path: str) -> None:
    definition = profile(sliced.partition(".")[0], line(sliced, slicing=discriminators((type, path))))
    assert run.found(CHECK, definition) == []


@pytest.mark.parametrize(
    ("sliced", "path", "missing"),
    [
        ("Patient.identifier", "sytem", "'sytem'"),
        ("Patient.identifier", "assigner.identifier.nothing", "'nothing'"),
        ("Patient.identifier", "system.resolve()", None),
        ("Patient.name", "use.resolve()", "'resolve()'"),
        ("Patient.contact", "relationship.code", "'code'"),
        ("Patient.deceased[x]", "ofType(string)", "'string'"),
        ("Observation.component", "valueQuantity.code", "'valueQuantity'"),
        ("Observation.component", "value.ofType(Quantity).coding", "'coding'"),
        ("Observation.component.valueQuantity", "coding", "'coding'"),
        ("Bundle.entry", "resurce", "'resurce'"),
    ],
)
def test_a_discriminator_that_leads_nowhere_is_an_error(
    run: Runner, sliced: str, path: str, missing: str | None
) -> None:
    """https://hl7.org/fhir/R4/profiling.html#discriminator: it is an element by which slices differ."""
    slicing = discriminators(("value", "id"), ("value", path))
    issues = run.issues(CHECK, profile(sliced.partition(".")[0], line(sliced, slicing=slicing)))
    place = "StructureDefinition.differential.element[0].slicing.discriminator[1].path"
    wanted = [] if missing is None else [("error", "discriminator", (place,))]
    assert [(issue.severity, issue.key, issue.expression) for issue in issues] == wanted
    assert all(missing in issue.text.render() for issue in issues if missing)


@pytest.mark.parametrize("path", ["coding.where(system = 'a')", "coding.first(", "coding as Coding"])
def test_a_discriminator_of_more_than_simple_paths_is_told(run: Runner, path: str) -> None:
    """https://hl7.org/fhir/R4/fhirpath.html#simple"""
    definition = profile("Patient", line("Patient.maritalStatus", slicing=discriminators(("value", path))))
    place = "StructureDefinition.differential.element[0].slicing.discriminator[0].path"
    assert ("warning", "discriminator", place) in run.found(CHECK, definition)
