"""Random code systems and compositions, compared with a simple reference implementation."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.codes.expansion import ExpansionRequest
from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from tests.codes.sample_terminology import Resource, code_system, url, value_set

SYSTEMS = ("https://example.org/a", "https://example.org/b")
CODES = [f"{letter}{number}" for letter in "pqr" for number in range(4)]
COLOURS = ("red", "blue", "green")

Pair = tuple[str, str]


@st.composite
def systems(draw: st.DrawFn) -> list[Resource]:
    return [draw(system(each)) for each in SYSTEMS]


@st.composite
def system(draw: st.DrawFn, system_url: str) -> Resource:
    """A tree whose nodes hang below any node before them, some of them below a second one too."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=8, unique=True))
    nodes: dict[str, Resource] = {}
    roots: list[Resource] = []
    for number, code in enumerate(codes):
        node: Resource = {"code": code, "display": code.upper(), "property": []}
        if colour := draw(st.sampled_from((None, *COLOURS))):
            node["property"].append({"code": "colour", "valueCode": colour})
        if draw(st.integers(0, 5)) == 0:
            node["property"].append({"code": "status", "valueCode": "retired"})
        parent = draw(st.sampled_from((None, *codes[:number]))) if number else None
        second = draw(st.sampled_from((None, *codes[:number]))) if number > 1 else None
        if second:
            node["property"].append({"code": "parent", "valueCode": second})
        (nodes[parent].setdefault("concept", []) if parent else roots).append(node)
        nodes[code] = node
    return code_system(system_url, concept=roots, property=[])


FILTERS = st.one_of(
    st.tuples(
        st.just("concept"),
        st.sampled_from(("is-a", "descendent-of", "is-not-a", "generalizes")),
        st.sampled_from(CODES),
    ),
    st.tuples(st.just("colour"), st.just("="), st.sampled_from(COLOURS)),
    st.tuples(
        st.just("colour"),
        st.sampled_from(("in", "not-in")),
        st.sampled_from(("red,blue", "green", "red, green")),
    ),
    st.tuples(st.just("colour"), st.just("exists"), st.sampled_from(("true", "false"))),
    st.tuples(st.just("code"), st.just("regex"), st.sampled_from(("p.", "[pq][01]", "(p|r)2?", "q\\d"))),
)


@st.composite
def parts(draw: st.DrawFn, imports: list[str]) -> Resource:
    part: Resource = {}
    if not imports or draw(st.booleans()):
        part["system"] = draw(st.sampled_from(SYSTEMS))
        kind = draw(st.sampled_from(("all", "listed", "filtered")))
        if kind == "listed":
            part["concept"] = [
                {"code": code}
                for code in draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True))
            ]
        if kind == "filtered":
            rules = draw(st.lists(FILTERS, min_size=1, max_size=2))
            part["filter"] = [dict(zip(("property", "op", "value"), rule, strict=True)) for rule in rules]
    if imports and ("system" not in part or draw(st.integers(0, 3)) == 0):
        part["valueSet"] = draw(st.lists(st.sampled_from(imports), min_size=1, max_size=2, unique=True))
    return part


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Resource], list[Resource]]:
    """Code systems, and value sets each of which may draw on those before it."""
    value_sets: list[Resource] = []
    for number in range(draw(st.integers(1, 4))):
        known = [value_set["url"] for value_set in value_sets]
        include = draw(st.lists(parts(known), min_size=1, max_size=3))
        exclude = draw(st.lists(parts(known), max_size=1))
        value_sets.append(value_set(f"random-{number}", *include, exclude=exclude))
    return draw(systems()), value_sets


class Oracle:
    """Value sets as sets of pairs, straight from the words of the specification."""

    def __init__(self, systems: list[Resource], value_sets: list[Resource]) -> None:
        self.nodes: dict[str, dict[str, Resource]] = {}
        self.above: dict[str, dict[str, set[str]]] = {}
        for each in systems:
            self.nodes[each["url"]], self.above[each["url"]] = {}, {}
            self._walk(each["url"], each["concept"], None)
        self.compose = {value_set["url"]: value_set["compose"] for value_set in value_sets}

    def _walk(self, system: str, tree: list[Resource], parent: str | None) -> None:
        for node in tree:
            self.nodes[system][node["code"]] = node
            second = {p["valueCode"] for p in node["property"] if p["code"] == "parent"}
            self.above[system][node["code"]] = second | ({parent} if parent else set())
            self._walk(system, node.get("concept", []), node["code"])

    def ancestors(self, system: str, code: str) -> set[str]:
        found: set[str] = set()
        for parent in self.above[system][code]:
            found |= {parent} | self.ancestors(system, parent)
        return found

    def members(self, value_set: str) -> set[Pair]:
        compose = self.compose[value_set]
        included = set().union(*(self.part(include) for include in compose["include"]))
        return included - set().union(*(self.part(exclude) for exclude in compose.get("exclude", ())))

    def part(self, part: Resource) -> set[Pair]:
        chosen: list[set[Pair]] = [self.members(value_set) for value_set in part.get("valueSet", ())]
        if "system" in part:
            nodes = self.nodes[part["system"]]
            codes = {concept["code"] for concept in part["concept"]} if "concept" in part else set(nodes)
            chosen.append(
                {
                    (part["system"], code)
                    for code in codes
                    if code in nodes
                    and all(self.passes(part["system"], code, filter) for filter in part.get("filter", ()))
                }
            )
        return set.intersection(*chosen)

    def passes(self, system: str, code: str, rule: Resource) -> bool:
        values = [
            p["valueCode"] for p in self.nodes[system][code]["property"] if p["code"] == rule["property"]
        ]
        value = rule["value"]
        if rule["op"] == "generalizes":
            known = value in self.nodes[system]
            return known and (code == value or code in self.ancestors(system, value))
        below = value in self.ancestors(system, code)
        return {
            "is-a": below or code == value,
            "descendent-of": below,
            "is-not-a": not below and code != value,
            "=": value in values,
            "in": any(one in value.replace(" ", "").split(",") for one in values),
            "not-in": all(one not in value.replace(" ", "").split(",") for one in values),
            "exists": bool(values) is (value == "true"),
            "regex": rule["op"] == "regex" and re.fullmatch(value, code) is not None,
        }[rule["op"]]


@pytest.fixture(scope="module")
def r4() -> Registry:
    return Registry.r4()


def codes(entries: list[Any]) -> list[Pair]:
    """The codes of an expansion in the order they are shown, nested ones after those they are within."""
    found = []
    for entry in entries:
        found += [(entry["system"], entry["code"]), *codes(entry.get("contains", []))]
    return found


@given(worlds(), st.integers(0, 5), st.integers(0, 5))
def test_expansions_and_membership_agree_with_the_oracle(
    r4: Registry, world: tuple[list[Resource], list[Resource]], offset: int, count: int
) -> None:
    systems, value_sets = world
    terminology, oracle = Terminology(r4.with_guides([*systems, *value_sets])), Oracle(systems, value_sets)
    view = terminology.view()
    for each in value_sets:
        wanted = oracle.members(each["url"])
        found = view.value_set(each["url"])

        def expanded(**how: Any) -> tuple[int, list[Pair]]:
            made = terminology.expand(view, found, ExpansionRequest(**how))  # noqa: B023
            return made.total, codes(json.parse(bytes(made.contains or b"[]")))

        total, flat = expanded()
        assert (total, set(flat), len(flat)) == (len(wanted), wanted, len(wanted))
        total, nested = expanded(nested=True)
        assert (total, sorted(nested)) == (len(wanted), sorted(flat))
        assert expanded(offset=offset, count=count) == (len(wanted), flat[offset : offset + count])
        active = [pair for pair in flat if not retired(oracle, pair)]
        assert expanded(active_only=True) == (len(active), active)
        for system in SYSTEMS:
            for code in CODES:
                assert terminology.contains(each["url"], system, code) is ((system, code) in wanted)


def retired(oracle: Oracle, pair: Pair) -> bool:
    node = oracle.nodes[pair[0]][pair[1]]
    return any(property["code"] == "status" for property in node["property"])


@given(systems())
def test_subsumption_agrees_with_the_oracle(r4: Registry, systems: list[Resource]) -> None:
    oracle = Oracle(systems, [])
    for each in systems:
        system = r4.with_guides(systems).code_system(each["url"])
        assert system is not None
        for code in oracle.nodes[each["url"]]:
            assert system.ancestors(code) == oracle.ancestors(each["url"], code) - {code}
            below = {one for one in oracle.nodes[each["url"]] if code in oracle.ancestors(each["url"], one)}
            assert system.descendants(code) == below


def test_the_oracle_knows_a_plain_case() -> None:
    system = code_system(
        SYSTEMS[0], concept=[{"code": "p0", "property": [], "concept": [{"code": "p1", "property": []}]}]
    )
    below = value_set(
        "below",
        {"system": SYSTEMS[0], "filter": [{"property": "concept", "op": "descendent-of", "value": "p0"}]},
    )
    assert Oracle([system, code_system(SYSTEMS[1], concept=[])], [below]).members(url("below")) == {
        (SYSTEMS[0], "p1")
    }
