"""https://hl7.org/fhir/R4/http.html#update"""

import pytest

from tests.interactions.client import Client, identified, patient


def test_update_makes_the_next_version(client: Client) -> None:
    id = client.post("Patient", patient()).id
    answer = client.put(f"Patient/{id}", patient(id=id, active=False))
    assert (answer.status, answer.version, answer.location) == (200, 2, f"Patient/{id}/_history/2")


def test_update_as_create(client: Client) -> None:
    answer = client.put("Patient/mine", patient(id="mine"))
    assert (answer.status, answer.version, answer.location) == (201, 1, "Patient/mine/_history/1")


def test_update_brings_back_what_was_deleted(client: Client) -> None:
    client.put("Patient/mine", patient(id="mine"))
    client.delete("Patient/mine")
    answer = client.put("Patient/mine", patient(id="mine"))
    assert (answer.status, answer.version) == (201, 3)
    assert client.get("Patient/mine").status == 200


@pytest.mark.parametrize("body", [patient(), patient(id="other")])
def test_the_body_must_name_the_id_of_the_url(client: Client, body: dict[str, object]) -> None:
    answer = client.put("Patient/mine", body)
    assert (answer.status, answer.expressions) == (400, ["Patient.id"])
    assert client.get("Patient/mine").status == 404


def test_an_id_that_is_none_is_refused(client: Client) -> None:
    assert client.put("Patient/not_an_id", patient(id="not_an_id")).status == 400


def test_if_match_guards_against_lost_updates(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.put(f"Patient/{id}", patient(id=id), if_match='W/"1"').status == 200
    stale = client.put(f"Patient/{id}", patient(id=id), if_match='W/"1"')
    assert stale.status == 412
    assert "2" in stale.diagnostics
    assert client.put(f"Patient/{id}", patient(id=id), if_match="nonsense").status == 400
    many = ",".join(['W/"1"'] * 2_000)
    assert client.put(f"Patient/{id}", patient(id=id), if_match=many).status == 400
    assert client.put("Patient/new", patient(id="new"), if_match='W/"1"').status == 412
    assert client.get(f"Patient/{id}").version == 2


@pytest.mark.parametrize(
    ("etags", "status"),
    [
        ('W/"7", W/"1"', 200),
        (', W/"1",,', 200),
        ('"a,b", W/"1"', 200),
        ('"1,1"', 412),
        ('W/"7', 400),
        ('W/"1", W/"7', 400),
        (" , ", 400),
        ("", 400),
    ],
)
def test_if_match_is_a_list(client: Client, etags: str, status: int) -> None:
    id = client.post("Patient", patient()).id
    assert client.put(f"Patient/{id}", patient(id=id), if_match=etags).status == status


def test_if_match_guards_what_is_brought_back(client: Client) -> None:
    id = client.post("Patient", patient()).id
    deletion = client.delete(f"Patient/{id}").version
    for etag, told in (('W/"1"', "the current version is 2"), ("*", "there is no such resource")):
        refused = client.put(f"Patient/{id}", patient(id=id), if_match=etag)
        assert (refused.status, told in refused.diagnostics) == (412, True)
    answer = client.put(f"Patient/{id}", patient(id=id), if_match=f'W/"{deletion}"')
    assert (answer.status, answer.version) == (201, 3)


def test_if_unmodified_since_does_so_to_the_second(client: Client) -> None:
    id = client.post("Patient", patient()).id
    past = {"if_unmodified_since": "Sat, 01 Jan 2000 00:00:00 GMT"}
    answers = [client.put(f"Patient/{id}", patient(id=id), **past), client.delete(f"Patient/{id}", **past)]
    answers += [client.patch(f"Patient/{id}", [], **past), client.get(f"Patient/{id}", **past)]
    assert [answer.status for answer in answers] == [412] * 4
    for passed in ("Fri, 01 Jan 2100 00:00:00 GMT", "yesterday"):
        assert client.put(f"Patient/{id}", patient(id=id), if_unmodified_since=passed).status == 200
    assert client.put(f"Patient/{id}", patient(id=id), if_match='W/"3"', **past).status == 200
    assert client.put("Patient/new", patient(id="new"), **past).status == 201


def test_if_none_match_star_creates_only(client: Client) -> None:
    assert client.put("Patient/mine", patient(id="mine"), if_none_match="*").status == 201
    assert client.put("Patient/mine", patient(id="mine"), if_none_match="*").status == 412


def test_if_none_match_holds_for_all_writes(client: Client) -> None:
    id = client.post("Patient", patient()).id
    for excluded in ("*", 'W/"1"'):
        assert client.patch(f"Patient/{id}", [], if_none_match=excluded).status == 412
        assert client.delete(f"Patient/{id}", if_none_match=excluded).status == 412
        assert client.delete(f"Patient?_id={id}", if_none_match=excluded).status == 412
    assert client.patch(f"Patient/{id}", [], if_none_match='W/"2"').status == 200
    assert client.delete(f"Patient/{id}", if_none_match='W/"1"').status == 204


def test_if_none_match_with_the_current_version_writes_nothing(client: Client) -> None:
    client.put("Patient/mine", patient(id="mine"))
    assert client.put("Patient/mine", patient(id="mine"), if_none_match='W/"7"').version == 2
    answer = client.put("Patient/mine", patient(id="mine"), if_none_match='W/"1", "2"')
    assert answer.status == 412
    assert "Patient/mine" in answer.diagnostics


class TestConditionalUpdate:
    """https://hl7.org/fhir/R4/http.html#cond-update"""

    URL = "Patient?identifier=urn:ids|a"

    def test_no_match_creates(self, client: Client) -> None:
        answer = client.put(self.URL, identified("a"))
        assert answer.status == 201
        assert client.put(self.URL, identified("a", active=True)).id == answer.id

    def test_no_match_with_an_id_creates_under_it(self, client: Client) -> None:
        assert client.put(self.URL, identified("a", id="mine")).content["id"] == "mine"

    def test_no_match_with_an_id_that_is_taken_is_a_conflict(self, client: Client) -> None:
        client.put("Patient/mine", patient(id="mine"))
        assert client.put(self.URL, identified("a", id="mine")).status == 409
        assert client.get("Patient/mine").version == 1

    def test_one_match_is_updated(self, client: Client) -> None:
        id = client.post("Patient", identified("a")).id
        answer = client.put(self.URL, identified("a", active=True))
        assert (answer.status, answer.id, answer.version) == (200, id, 2)

    def test_one_match_with_another_id_is_refused(self, client: Client) -> None:
        client.post("Patient", identified("a"))
        assert client.put(self.URL, identified("a", id="other")).status == 400

    def test_several_matches_are_refused(self, client: Client) -> None:
        client.post("Patient", identified("a"))
        client.post("Patient", identified("a"))
        assert client.put(self.URL, identified("a")).status == 412

    def test_without_criteria_it_is_refused(self, client: Client) -> None:
        assert client.put("Patient", identified("a")).status == 412
