"""Random differentials that only tighten: every element of the snapshot is inside that of its base."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue
from tests.definitions.snapshot.profiles import BASE, profile
from tests.structures import R4, Json, line

TYPES = ("Patient", "Observation", "CarePlan", "Bundle", "HumanName", "Extension", "Questionnaire")
STRENGTHS = ("example", "preferred", "extensible", "required")


def limit(max: str) -> float:
    return float("inf") if max == "*" else int(max)


@st.composite
def tightened(draw: st.DrawFn, element: ElementDefinition) -> Json:
    """A line that states some of what an element may be narrowed to."""
    stated: Json = {}
    most = limit(element["max"])
    if draw(st.booleans()):
        stated["max"] = str(draw(st.integers(element["min"], int(min(most, 9)))))
        most = int(stated["max"])
    if draw(st.booleans()):
        stated["min"] = draw(st.integers(element["min"], int(min(most, 9))))
    if len(element.get("type", ())) > 1 and draw(st.booleans()):
        stated["type"] = draw(st.lists(st.sampled_from(element["type"]), min_size=1, unique_by=str))
    if "binding" in element and draw(st.booleans()):
        weakest = STRENGTHS.index(element["binding"]["strength"])
        stated["binding"] = {"strength": draw(st.sampled_from(STRENGTHS[weakest:])), "valueSet": "http://x"}
    if draw(st.booleans()):
        stated["mustSupport"] = True
    return line(element["id"], **stated)


@st.composite
def chains(draw: st.DrawFn) -> list[Json]:
    """Profiles that derive from one another, each with lines that tighten the snapshot of the one before."""
    type = draw(st.sampled_from(TYPES))
    made: list[Json] = []
    for index in range(draw(st.integers(1, 3))):
        known = BASE.with_guides(made).snapshot(made[-1]["url"] if made else R4 + type)
        chosen = draw(st.sets(st.integers(0, len(known.elements) - 1), max_size=6))
        lines = [draw(tightened(known.elements[place])) for place in sorted(chosen)]
        base = str(index - 1) if index else None
        made.append(profile(type, *lines, name=str(index), base=base))
    return made


@given(chains())
def test_a_tightened_element_is_inside_its_base(profiles: list[Json]) -> None:
    registry = BASE.with_guides(profiles)
    for made in profiles:
        base = {element["id"]: element for element in registry.snapshot(made["baseDefinition"]).elements}
        snapshot = registry.snapshot(made["url"])
        assert [element["id"] for element in snapshot.elements] == list(base)
        stated = {element["id"]: element for element in made["differential"]["element"]}
        for element in snapshot.elements:
            assert_inside(element, base[element["id"]])
            assert_said(element, stated.get(element["id"], {}))


def assert_inside(element: ElementDefinition, base: ElementDefinition) -> None:
    assert element["min"] >= base["min"]
    assert limit(element["max"]) <= limit(base["max"])
    assert all(type in base.get("type", ()) for type in element.get("type", ()))
    rules = [rule["key"] for rule in element.get("constraint", ())]
    assert rules == [rule["key"] for rule in base.get("constraint", ())]
    if "binding" in base:
        weakest = STRENGTHS.index(base["binding"]["strength"])
        assert STRENGTHS.index(element["binding"]["strength"]) >= weakest
    assert element.get("mustSupport", False) >= base.get("mustSupport", False)
    assert element["base"] == base["base"]


def assert_said(element: ElementDefinition, stated: Mapping[str, Any]) -> None:
    for name in ("min", "max", "type", "mustSupport"):
        if name in stated:
            assert element[name] == stated[name]


SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["", "*", "1", "Patient", "a.b", "HumanName"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["code", "key", "rules", "path", "element"]), inner)
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(
    (
        "id",
        "path",
        "sliceName",
        "sliceIsConstraining",
        "min",
        "max",
        "type",
        "slicing",
        "constraint",
        "binding",
    )
) | st.sampled_from(
    (
        "fixedCode",
        "patternCoding",
        "minValueInteger",
        "maxLength",
        "mustSupport",
        "contentReference",
        "extension",
    )
)


@given(st.lists(st.dictionaries(NAMES, SHAPES, max_size=4) | SHAPES, max_size=3), st.data())
def test_a_differential_of_any_shape_has_a_snapshot_or_says_why_not(
    lines: list[Any], data: st.DataObject
) -> None:
    paths = st.sampled_from(["Patient", "Patient.name", "Patient.deceasedBoolean", "Patient.contact.x"])
    for one in lines:
        if isinstance(one, dict) and data.draw(st.booleans()):
            one["path"] = data.draw(paths)
    issues = faults([profile("Patient", *lines)])
    assert all(issue.expression[0].startswith("StructureDefinition.differential") for issue in issues)


def faults(profiles: list[Json]) -> tuple[Issue, ...]:
    """What is said of the last profile, if anything is."""
    try:
        BASE.with_guides(profiles).snapshot(profiles[-1]["url"])
    except SnapshotError as error:
        return error.issues
    return ()
