"""Rules and reactions of a programme, inside the commit that they are about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue, Template
from fhir_server.search.ast import Match, ReferenceValue, SearchQuery
from tests.interactions.bundles import entry, transact
from tests.interactions.client import ClientFactory, identified, patient

NO_TWINS = Template(en="Twins are refused", fr="Pas de jumeaux")
NAMELESS = Template(en="A patient has a name", fr="Un patient a un nom")


@dataclass
class NoTwins:
    """Refuses a Patient with multipleBirthBoolean; warns of one without a name."""

    name: str = "no-twins"
    types: frozenset[str] = frozenset({"Patient", "Flag"})
    seen: list[Change] = field(default_factory=list)

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        self.seen.append(change)
        if change.after and change.after.get("multipleBirthBoolean"):
            assert view.get(change.type, change.id) == change.after | {"meta": change_meta(view, change)}
            yield Issue("error", "business-rule", NO_TWINS(), ("Patient.multipleBirth",), "twins-1")
        if change.after and change.type == "Patient" and "name" not in change.after:
            yield Issue("warning", "business-rule", NAMELESS(), ("Patient.name",))


def change_meta(view: View, change: Change) -> Any:
    stored = view.get(change.type, change.id)
    return stored["meta"] if stored else None


@dataclass
class FlagNewPatients:
    """Writes a Flag for each new Patient, under an id made from the patient's."""

    name: str = "flag-new-patients"
    types: frozenset[str] = frozenset({"Patient"})

    def react(self, change: Change, _view: View) -> Iterable[Resource]:
        if change.before is None and change.after is not None:
            yield {
                "resourceType": "Flag",
                "id": f"flag-{change.id}",
                "status": "active",
                "code": {"text": "new"},
                "subject": {"reference": f"Patient/{change.id}"},
            }


def test_a_rule_refuses_and_nothing_is_stored(client_with: ClientFactory) -> None:
    client = client_with(rules=(NoTwins(),), reactions=(FlagNewPatients(),))
    answer = client.post("Patient", patient(multipleBirthBoolean=True))
    assert answer.status == 422
    assert answer.content["issue"][0]["code"] == "business-rule"
    assert answer.content["issue"][0]["details"]["coding"] == [{"code": "twins-1"}]
    assert client.get("_history").entries == []


def test_a_rule_refuses_a_whole_transaction(client_with: ClientFactory) -> None:
    client = client_with(rules=(NoTwins(),))
    twin = patient(multipleBirthBoolean=True)
    answer = transact(client, entry("POST", "Patient", patient()), entry("POST", "Patient", twin))
    assert answer.status == 422
    assert answer.expressions == ["Bundle.entry[1].resource.multipleBirth"]
    assert client.get("_history").entries == []


def test_what_a_rule_remarks_is_told_with_its_entry(client_with: ClientFactory) -> None:
    client = client_with(rules=(NoTwins(),))
    nameless = {"resourceType": "Patient", "active": True}
    creations = entry("POST", "Patient", patient()), entry("POST", "Patient", nameless)
    answer = transact(client, *creations, returns="OperationOutcome")
    told = [
        [
            issue["diagnostics"]
            for issue in made["response"]["outcome"]["issue"]
            if issue["code"] == "business-rule"
        ]
        for made in answer.entries
    ]
    assert told == [[], ["A patient has a name"]]


def test_a_reaction_writes_in_the_same_commit_and_is_checked(client_with: ClientFactory) -> None:
    rule = NoTwins()
    client = client_with(rules=(rule,), reactions=(FlagNewPatients(),))
    id = client.post("Patient", identified("a")).id
    assert client.get(f"Flag/flag-{id}").status == 200
    assert "Flag" in {change.type for change in rule.seen}
    client.put(f"Patient/{id}", identified("a", id=id))
    assert client.get(f"Flag/flag-{id}").version == 1


@dataclass
class CountFlags:
    """Notes how many Flags a patient has, by a search and by reading one, before and after reactions."""

    name: str = "count-flags"
    types: frozenset[str] = frozenset({"Patient"})
    counts: list[tuple[int, bool]] = field(default_factory=list)

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        of_patient = Match("patient", "reference", (ReferenceValue("Patient", change.id),))
        found = view.find(SearchQuery(("Flag",), (of_patient,), total="none"))
        self.counts.append((len(found), view.get("Flag", f"flag-{change.id}") is not None))
        yield from ()


def test_what_a_rule_has_read_is_read_again_once_a_reaction_has_written(client_with: ClientFactory) -> None:
    rule = CountFlags()
    client = client_with(rules=(rule,), reactions=(FlagNewPatients(),))
    assert client.post("Patient", patient()).status == 201
    assert rule.counts == [(0, False), (1, True)]


def test_before_and_after_are_told(client_with: ClientFactory) -> None:
    rule = NoTwins()
    client = client_with(rules=(rule,))
    id = client.post("Patient", patient()).id
    client.put(f"Patient/{id}", patient(id=id, active=True))
    client.delete(f"Patient/{id}")
    seen = {(change.before is not None, change.after is not None) for change in rule.seen}
    assert seen == {(False, True), (True, True), (True, False)}


def test_types_that_no_plug_names_cost_nothing(client_with: ClientFactory) -> None:
    rule = NoTwins()
    client = client_with(rules=(rule,))
    client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}})
    assert rule.seen == []


@dataclass
class NamePatients:
    """Gives each Patient that a client writes a second version, with a number."""

    name: str = "name-patients"
    types: frozenset[str] = frozenset({"Patient"})

    def react(self, change: Change, _view: View) -> Iterable[Resource]:
        if change.after is not None:
            yield change.after | {"identifier": [{"system": "urn:ids", "value": "given"}]}


def test_the_answer_is_what_a_reaction_made_of_it(client_with: ClientFactory) -> None:
    client = client_with(reactions=(NamePatients(),))
    created = client.post("Patient", patient())
    assert (created.status, created.version) == (201, 2)
    assert created.content["identifier"][0]["value"] == "given"
    url = f"Patient/{created.id}"
    assert client.put(url, patient(id=created.id), if_match='W/"2"').version == 4
    replaced = [{"op": "replace", "path": "/name/0/family", "value": "Petit"}]
    patched = client.patch(url, replaced)
    assert patched.version == 6
    assert patched.content == client.get(url).content


def test_a_transaction_answers_with_what_a_reaction_made_of_its_entries(client_with: ClientFactory) -> None:
    client = client_with(reactions=(NamePatients(),))
    creation = entry("POST", "Patient", patient())
    (made,) = transact(client, creation, returns="representation").entries
    assert made["response"]["etag"] == 'W/"2"'
    assert made["resource"]["identifier"][0]["value"] == "given"
