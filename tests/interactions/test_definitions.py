"""Search parameters that clients store: in force at once, searched once their index covers every resource."""

from functools import partial
from typing import Any

import pytest

from fhir_server.extension import Change, View
from fhir_server.interactions.engines import Engines
from fhir_server.jobs.type_indexer import ResourceFailed
from fhir_server.search.ast import Match, SearchQuery, StringValue
from fhir_server.store.port import Store
from fhir_server.validation.fhirpath import engine
from fhir_server.validation.fhirpath.compiled import Scope
from tests.interactions.bundles import entry, transact
from tests.interactions.client import Answer, Client, ClientFactory, patient
from tests.interactions.definitions import URL, fond_of, parameter, reindexed

PENDING = "cannot be searched yet"


def second(**members: Any) -> dict[str, Any]:
    """Another parameter than `parameter` gives."""
    expression = "Patient.name.family.first()"
    return parameter(id="second", url=f"{URL}-2", code="second", expression=expression) | members


def codes(answer: Answer) -> list[str]:
    return [issue["code"] for issue in answer.content["issue"]]


def test_a_parameter_of_a_type_without_resources_is_searched_at_once(client: Client) -> None:
    assert client.get("Patient?favourite=blue").status == 400
    assert client.post("SearchParameter", parameter()).status == 201
    assert client.get("Patient?favourite=blue").entries == []
    id = client.post("Patient", fond_of("Blue")).id
    client.post("Patient", fond_of("Red"))
    assert client.get("Patient?favourite=blue").ids == [id]


def test_what_lies_within_is_indexed_by_a_new_parameter_too(client: Client) -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "abc"}]}}
    order: dict[str, Any] = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    order |= {"contained": [drug], "subject": {"display": "x"}, "medicationReference": {"reference": "#m"}}
    id = client.post("MedicationRequest", order).id
    expression = "MedicationRequest.medication as Reference"
    own = {"code": "drug", "type": "reference", "target": ["Medication"], "expression": expression}
    assert client.post("SearchParameter", parameter(base=["MedicationRequest"], **own)).status == 201
    reindexed(client)
    assert client.get("MedicationRequest?drug.code=abc").ids == [id]
    assert client.get("MedicationRequest?medication.code=abc").ids == [id]
    assert client.engine.store.check() == []


def test_a_code_may_begin_with_a_hyphen_as_r4_recommends(client: Client) -> None:
    assert client.post("SearchParameter", parameter(code="-favourite")).status == 201
    blue, red = (client.post("Patient", fond_of(colour)).id for colour in ("blue", "red"))
    assert client.get("Patient?-favourite=blue").ids == [blue]
    assert client.get("Patient?-favourite:missing=false&_sort=-favourite").ids == [blue, red]
    assert client.get("Patient?_sort=--favourite").ids == [red, blue]


def test_a_parameter_of_a_type_with_resources_is_pending_until_reindexed(client: Client) -> None:
    before = client.post("Patient", fond_of("blue")).id
    client.post("SearchParameter", parameter())
    after = client.post("Patient", fond_of("blue")).id
    answer = client.get("Patient?favourite=blue")
    assert (answer.status, codes(answer)) == (400, ["not-supported"])
    assert "'favourite' of Patient" in answer.diagnostics
    assert "$reindex" in answer.diagnostics
    assert answer.expressions == ["http.favourite"]
    assert client.get("Patient?name=durand").content["total"] == 2
    reindexed(client)
    assert client.get("Patient?favourite=blue").ids == [before, after]
    assert client.engine.store.check() == []


@pytest.mark.parametrize(
    "search",
    [
        "Patient?favourite=blue",
        "Patient?favourite:missing=true",
        "Patient?_sort=-favourite",
        "Patient?name=x&favourite=blue",
        "Observation?subject:Patient.favourite=blue",
        "Observation?subject.favourite=blue",
        "Group?_has:Patient:friend:_id=1",
        "Patient?friend.name=x",
        "Patient?_include=Patient:friend",
        "Patient?_include=*",
        "Practitioner?_revinclude=Patient:friend",
        "Practitioner?_revinclude=Patient:*",
        "Patient?_has:Observation:subject:patient.favourite=blue",
        "Patient/p/Observation?subject:Patient.favourite=blue",
    ],
)
def test_whatever_needs_a_pending_index_is_refused(client: Client, search: str) -> None:
    client.put("Patient/p", fond_of("blue", id="p"))
    client.post("SearchParameter", parameter())
    friend = parameter(id="friend", url=f"{URL}-2", code="friend", type="reference")
    friend |= {"expression": "Patient.generalPractitioner", "target": ["Practitioner", "Group"]}
    client.put("SearchParameter/friend", friend)
    answer = client.get(search)
    assert answer.status == 400, answer.content
    assert PENDING in answer.diagnostics
    lenient = client.get(search, lenient=True)
    assert lenient.status == 400


def test_a_conditional_write_by_a_pending_index_is_refused(client: Client) -> None:
    client.post("Patient", fond_of("blue"))
    client.post("SearchParameter", parameter())
    for answer in (
        client.post("Patient", fond_of("blue"), if_none_exist="favourite=blue"),
        client.put("Patient?favourite=blue", fond_of("blue")),
        client.delete("Patient?favourite=blue"),
    ):
        assert answer.status == 400
        assert PENDING in answer.diagnostics
    assert client.get("Patient?_summary=count").content["total"] == 1


def test_the_message_is_french_for_the_french(client: Client) -> None:
    client.post("Patient", fond_of("blue"))
    client.post("SearchParameter", parameter())
    answer = client.get("Patient?favourite=blue", language="fr")
    assert "ne peut pas encore servir" in answer.diagnostics


def test_a_changed_definition_makes_the_index_pending_again(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.post("Patient", fond_of("blue"))
    changed = parameter(description="Another description")
    assert client.put("SearchParameter/favourite", changed).status == 200
    assert client.get("Patient?favourite=blue").content["total"] == 1
    other = parameter(expression="Patient.name.text | Patient.contact.name.family")
    assert client.put("SearchParameter/favourite", other).status == 200
    assert PENDING in client.get("Patient?favourite=blue").diagnostics
    reindexed(client)
    assert client.get("Patient?favourite=blue").content["total"] == 0


def test_only_the_changed_parameter_is_pending(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.put("SearchParameter/second", second())
    client.post("Patient", fond_of("blue"))
    client.put("SearchParameter/second", second(code="third"))
    assert client.get("Patient?favourite=blue").content["total"] == 1
    assert "Valid are" in client.get("Patient?second=blue").diagnostics
    assert PENDING in client.get("Patient?third=blue").diagnostics


def test_parameters_that_share_an_index_are_pending_when_they_no_longer_do(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.post("Patient", fond_of("blue"))
    twin = second(expression=parameter()["expression"])
    client.put("SearchParameter/second", twin)
    assert client.get("Patient?second=blue").content["total"] == 1
    client.delete("SearchParameter/favourite")
    assert PENDING in client.get("Patient?second=blue").diagnostics
    reindexed(client)
    assert client.get("Patient?second=blue").content["total"] == 1


@pytest.mark.parametrize("status", ["draft", "retired", "unknown"])
def test_a_parameter_that_is_not_active_is_not_used(client: Client, status: str) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.post("Patient", fond_of("blue"))
    assert client.put("SearchParameter/favourite", parameter(status=status)).status == 200
    assert "Valid are" in client.get("Patient?favourite=blue").diagnostics
    client.put("SearchParameter/favourite", parameter())
    assert PENDING in client.get("Patient?favourite=blue").diagnostics


def test_a_deleted_parameter_is_not_used(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.delete("SearchParameter/favourite")
    assert "Valid are" in client.get("Patient?favourite=blue").diagnostics


def test_a_patch_changes_the_definition_too(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    client.patch("SearchParameter/favourite", [{"op": "replace", "path": "/code", "value": "colour"}])
    assert client.get("Patient?colour=blue").status == 200
    assert client.get("Patient?favourite=blue").status == 400


def test_a_transaction_defines_for_the_patients_that_it_writes(client: Client) -> None:
    resources = (fond_of("blue"), parameter(), fond_of("blue"))
    entries = [entry("POST", one["resourceType"], one) for one in resources]
    assert transact(client, *entries).status == 200
    assert PENDING in client.get("Patient?favourite=blue").diagnostics
    reindexed(client)
    assert client.get("Patient?favourite=blue").content["total"] == 2


def test_a_transaction_that_fails_defines_nothing(client: Client) -> None:
    entries = [
        entry("POST", "SearchParameter", parameter()),
        entry("PUT", "Patient?identifier=", patient(), ifMatch='W/"9"'),
    ]
    generation = client.engine.store.generation()
    assert transact(client, *entries).status >= 400
    assert client.engine.store.generation() == generation
    assert "Valid are" in client.get("Patient?favourite=blue").diagnostics


def test_a_group_that_is_undone_defines_nothing(client: Client, store: Store) -> None:
    class Undone(Exception):
        pass

    def undone() -> None:
        with store.group():
            assert client.post("SearchParameter", parameter()).status == 201
            assert client.post("Patient", fond_of("blue")).status == 201
            raise Undone

    with pytest.raises(Undone):
        undone()
    assert client.post("Patient", fond_of("blue")).status == 201
    assert "Valid are" in client.get("Patient?favourite=blue").diagnostics
    assert client.post("SearchParameter", parameter()).status == 201
    assert PENDING in client.get("Patient?favourite=blue").diagnostics


def test_writes_in_one_group_are_indexed_by_what_was_defined_in_it(client: Client, store: Store) -> None:
    with store.group():
        client.post("SearchParameter", parameter())
        client.post("Patient", fond_of("blue"))
    assert client.get("Patient?favourite=blue").content["total"] == 1


def test_what_one_process_defines_all_use_at_once(client: Client) -> None:
    """Two sets of engines on a store stand for two processes, which have nothing else in common."""
    other = Client(client.engine)
    client.post("SearchParameter", parameter())
    id = other.post("Patient", fond_of("blue")).id
    for one in (client, other):
        assert one.get("Patient?favourite=blue").ids == [id]
    other.put("SearchParameter/second", second())
    assert PENDING in client.get("Patient?second=durand").diagnostics
    reindexed(other)
    assert client.get("Patient?second=durand").ids == [id]
    names = [p["name"] for p in rest_of(client, "Patient")["searchParam"]]
    assert {"favourite", "second"} <= set(names)


@pytest.mark.parametrize(("colour", "matches"), [("blue", 1), ("red", 0)])
def test_no_search_is_answered_by_what_another_process_has_redefined(
    client: Client, colour: str, matches: int
) -> None:
    other = Client(client.engine)
    client.put("SearchParameter/favourite", parameter())
    client.post("Patient", fond_of("blue"))
    search = f"Patient?favourite={colour}"
    assert client.get(search).content["total"] == matches
    redefined = parameter(expression="Patient.name.text | Patient.contact.name.family")
    assert other.put("SearchParameter/favourite", redefined).status == 200
    assert PENDING in client.get(search).diagnostics
    assert PENDING in client.get(f"{search}&_summary=count").diagnostics
    reindexed(other)
    assert client.get(search).content["total"] == 0


def rest_of(client: Client, type: str) -> dict[str, Any]:
    resources = client.get("metadata").content["rest"][0]["resource"]
    found: dict[str, Any] = next(resource for resource in resources if resource["type"] == type)
    return found


@pytest.mark.parametrize(
    ("members", "place", "said"),
    [
        ({"base": ["Patien"]}, "base[0]", "Patient"),
        ({"type": "special"}, "type", "string"),
        ({"code": "birthdate"}, "code", "http://hl7.org/fhir/SearchParameter/individual-birthdate"),
        ({"code": "name", "base": ["Resource"]}, "code", "Account"),
        ({"code": "_colour"}, "code", "_colour"),
        ({"code": "a:b"}, "code", "a:b"),
        ({"expression": None}, "expression", "Patient.name"),
        ({"expression": "Patient.naem"}, "expression", "Patient"),
        ({"expression": "Observation.code"}, "expression", "Patient"),
        ({"expression": "Patient.name.where("}, "expression", "column"),
        ({"expression": "Patient.name.where(use = 'usual').nothing()"}, "expression", "nothing"),
        ({"expression": "Patient.name.where(family.matches('(')).given"}, "expression", "'('"),
        ({"expression": "Patient.name.family.replaceMatches('(a+)+', '')"}, "expression", "for ever"),
        ({"expression": "Patient.active", "type": "date"}, "expression", "boolean"),
        ({"expression": "Patient.name.given.first()" + " | id.first()" * 400}, "expression", "4000 at most"),
        ({"expression": "Patient.name" + " | Patient.name" * 300}, "expression", "4000 at most"),
        ({"expression": "(" * 500 + "Patient.name.family" + ")" * 500}, "expression", "nested deeper"),
        ({"url": "http://hl7.org/fhir/SearchParameter/Patient-active"}, "url", "R4"),
        ({"type": "composite"}, "component", "two"),
        (
            {"type": "composite", "component": [{"definition": "urn:x", "expression": "a"}] * 2},
            "component[0]",
            "urn:x",
        ),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(
    client: Client, members: dict[str, Any], place: str, said: str
) -> None:
    resource = {name: value for name, value in (parameter() | members).items() if value is not None}
    answer = client.post("SearchParameter", resource)
    assert answer.status in (400, 422), answer.content
    assert answer.status == 422 or "Patien" in str(members)
    assert any(path.startswith(f"SearchParameter.{place}") for path in answer.expressions)
    assert said in answer.diagnostics
    draft = client.post("SearchParameter", resource | {"status": "draft"})
    assert draft.status == (400 if answer.status == 400 else 201)


def test_a_definition_may_replace_the_one_it_derives_from(client: Client) -> None:
    base = "http://hl7.org/fhir/SearchParameter/individual-birthdate"
    own = parameter(code="birthdate", type="date", expression="Patient.birthDate", derivedFrom=base)
    assert client.post("SearchParameter", own).status == 201
    assert client.post("SearchParameter", parameter(code="birthdate", derivedFrom=base)).status == 422


def test_a_url_and_a_code_are_taken_once(client: Client) -> None:
    client.put("SearchParameter/favourite", parameter())
    assert client.put("SearchParameter/favourite", parameter(name="Again")).status == 200
    twin = client.post("SearchParameter", parameter())
    assert (twin.status, twin.expressions) == (422, ["SearchParameter.url"])
    assert "SearchParameter/favourite" in twin.diagnostics
    rival = client.post("SearchParameter", parameter(url=f"{URL}-2"))
    assert (rival.status, rival.expressions) == (422, ["SearchParameter.code"])


def test_a_refusal_in_a_transaction_is_located(client: Client) -> None:
    entries = [
        entry("POST", "Patient", patient()),
        entry("POST", "SearchParameter", parameter(expression="Patient.x")),
    ]
    answer = transact(client, *entries)
    assert answer.status == 422
    assert answer.expressions == ["Bundle.entry[1].resource.expression"]


def test_a_composite_of_stored_parameters_is_searched(client: Client) -> None:
    components = [
        {"definition": "http://hl7.org/fhir/SearchParameter/individual-given", "expression": "given"},
        {"definition": "http://hl7.org/fhir/SearchParameter/individual-family", "expression": "family"},
    ]
    whole = parameter(type="composite", code="whole", expression="Patient.name", component=components)
    assert client.post("SearchParameter", whole).status == 201
    id = client.post("Patient", patient(name=[{"given": ["Zoé"], "family": "Durand"}])).id
    client.post("Patient", patient(name=[{"given": ["Zoé"]}, {"family": "Durand"}]))
    assert client.get("Patient?whole=zoe$durand").ids == [id]


class CountsFavourites:
    """A rule that asks by a parameter of the guide's own."""

    name = "counts-favourites"
    types = frozenset({"Basic"})

    def check(self, _change: Change, view: View) -> list[Any]:
        blue = Match("favourite", "string", (StringValue("blue", "blue"),))
        assert len(view.find(SearchQuery(("Patient",), (blue,)))) == 1
        return []


def test_a_rule_is_never_told_a_part_of_the_truth(client_with: ClientFactory) -> None:
    client = client_with(rules=(CountsFavourites(),))
    client.post("Patient", fond_of("blue"))
    client.post("SearchParameter", parameter())
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    refused = client.post("Basic", basic)
    assert refused.status == 503
    assert PENDING in refused.diagnostics
    reindexed(client)
    assert client.post("Basic", basic).status == 201


def test_a_guide_that_is_new_to_a_store_is_pending_and_then_searched(
    client: Client, client_with: ClientFactory
) -> None:
    id = client.post("Patient", fond_of("blue")).id
    registry = client.engine.registry.with_guides([parameter()])
    upgraded = client_with(registry=registry, extractor=client.engine.extractor.with_registry(registry))
    assert upgraded.get("Patient?name=durand").ids == [id]
    assert PENDING in upgraded.get("Patient?favourite=blue").diagnostics
    refused = upgraded.post("Patient", fond_of("blue"))
    assert refused.status == 503
    assert "Patient.favourite" in refused.diagnostics
    upgraded.engines.adopt()
    assert PENDING in upgraded.get("Patient?favourite=blue").diagnostics
    assert client.post("Patient", patient()).status == 503
    reindexed(upgraded)
    assert upgraded.get("Patient?favourite=blue").ids == [id]
    assert upgraded.post("Patient", fond_of("red")).status == 201


def test_a_store_without_definitions_is_adopted_with_all_it_holds_pending(client: Client) -> None:
    """So is a file that was written before definitions were kept."""
    store = client.engine.store
    client.post("Patient", fond_of("blue"))
    engines = Engines(client.engine)
    assert engines.latest().pending == {}
    store.transact(
        lambda unit: unit.define_indexes([one for one in unit.indexes().values() if one.type != "Patient"])
    )
    store.transact(lambda unit: unit.define_indexes([type(unit.indexes()["Patient"])("Patient", {})]))
    adopted = Engines(client.engine).adopt()
    assert set(adopted.pending) == {"Patient"}
    assert {"name", "_tag", "_compartment"} <= adopted.pending["Patient"]


def test_a_client_that_asks_nothing_new_pays_for_no_new_engine(client: Client) -> None:
    first = client.engines.current()
    client.post("Patient", patient())
    client.get("Patient?name=x")
    assert client.engines.current() is first


@pytest.mark.parametrize("text", ["44-6", "F32.1"])
def test_a_code_is_found_as_it_stands_whenever_its_system_became_known(client: Client, text: str) -> None:
    code = {"coding": [{"system": "urn:codes", "code": text}]}
    observation = {"resourceType": "Observation", "status": "final", "code": code}
    before = client.post("Observation", observation).id
    system = {"resourceType": "CodeSystem", "url": "urn:codes", "status": "active", "content": "not-present"}
    assert client.post("CodeSystem", system | {"caseSensitive": False}).status == 201
    assert client.get(f"Observation?code=urn:codes|{text}").ids == [before]
    assert client.get(f"Observation?code:not=urn:codes|{text}").ids == []
    after = client.post("Observation", observation).id
    assert client.get(f"Observation?code=urn:codes|{text}").ids == [before, after]
    assert after in client.get(f"Observation?code=urn:codes|{text.lower()}").ids


def test_an_expression_that_runs_away_stops_neither_writes_nor_the_truth(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parameter cannot be searched until a reindex gets through; nothing else takes notice."""
    monkeypatch.setattr(engine, "Scope", partial(Scope, steps=50))
    names = "Patient.name.given.where(%resource.name.given.where(true).exists())"
    assert client.post("SearchParameter", parameter(expression=names)).status == 201
    few = client.post("Patient", patient(name=[{"given": ["ann"]}])).id
    assert client.get("Patient?favourite=ann").ids == [few]
    many = client.post("Patient", patient(name=[{"given": [f"n{i}" for i in range(30)]}]))
    assert many.status == 201
    assert PENDING in client.get("Patient?favourite=ann").diagnostics
    assert client.get("Patient?given=n7").ids == [many.id]
    assert client.post("Patient", patient(name=[{"given": ["bob"]}])).status == 201
    with pytest.raises(ResourceFailed, match=f"Patient/{many.id}: .* 'favourite' of Patient takes too long"):
        reindexed(client)
    assert PENDING in client.get("Patient?favourite=ann").diagnostics
    client.delete(f"Patient/{many.id}")
    reindexed(client)
    assert client.get("Patient?favourite=bob").content["total"] == 1
    assert client.engine.store.check() == []


def test_a_parameter_whose_expression_ran_away_can_be_mended(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "Scope", partial(Scope, steps=5))
    runaway = parameter(expression="Patient.name.given.where(%resource.name.given.where(true).exists())")
    client.put("SearchParameter/favourite", runaway)
    many = patient(name=[{"given": ["a", "b", "c"]}])
    assert transact(client, entry("POST", "Patient", many)).status == 200
    assert PENDING in client.get("Patient?favourite=b").diagnostics
    client.put("SearchParameter/favourite", parameter(expression="Patient.name.given"))
    reindexed(client)
    assert client.get("Patient?favourite=b").content["total"] == 1
