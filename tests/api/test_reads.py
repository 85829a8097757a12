"""Where reads run: in the event loop while they are short, in a thread when they take long."""

import threading
from collections.abc import Callable
from typing import Any

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.store.port import DeadlineExceeded

MakeApi = Callable[..., Any]


class Slow:
    """Answers only outside the thread that the test runs in, and never when `hopeless`."""

    def __init__(self, hopeless: bool = False) -> None:
        self.threads: list[int] = []
        self._hopeless = hopeless

    def __call__(self, _: FhirRequest) -> FhirResponse:
        self.threads.append(threading.get_ident())
        if self._hopeless or len(self.threads) == 1:
            raise DeadlineExceeded
        return FhirResponse(200, b'{"resourceType":"Bundle"}')


def test_what_is_short_is_read_in_the_loop_and_no_longer_under_a_deadline(make_api: MakeApi) -> None:
    api = make_api()
    assert api.send("GET", "/fhir/Patient/1").status_code == 200
    assert api.dispatcher.read_deadlines == [0.05, None]


def test_what_is_known_to_be_short_is_read_without_a_deadline(make_api: MakeApi) -> None:
    api = make_api()
    assert api.send("GET", "/fhir/Patient/short").status_code == 200
    assert api.dispatcher.read_deadlines == []


def test_what_takes_long_is_read_in_a_thread(make_api: MakeApi) -> None:
    slow = Slow()
    api = make_api(slow)
    assert api.send("GET", "/fhir/Patient?name=a").status_code == 200
    assert slow.threads[0] == threading.get_ident() != slow.threads[1]
    assert api.dispatcher.read_deadlines == [0.05, None, 30.0, None]


def test_what_turns_out_to_wait_for_writers_waits_in_their_executor(make_api: MakeApi) -> None:
    slow = Slow()
    api = make_api(slow)
    api.dispatcher.may_block = lambda _: True
    assert api.send("GET", "/fhir/Patient?name=a").status_code == 200
    assert slow.threads[0] == threading.get_ident() != slow.threads[1]
    assert (api.dispatcher.read_deadlines, api.dispatcher.groups) == ([0.05, None], 1)


def test_what_is_known_to_take_long_is_not_tried_in_the_loop(make_api: MakeApi) -> None:
    api = make_api()
    assert api.send("GET", "/fhir/$long").status_code == 200
    assert api.dispatcher.read_deadlines == [30.0, None]


def test_so_is_a_search_by_post(make_api: MakeApi) -> None:
    slow = Slow()
    api = make_api(slow)
    api.dispatcher.may_block = lambda _: False
    answer = api.send("POST", "/fhir/Patient/_search", data={"name": "a"})
    assert (answer.status_code, len(set(slow.threads))) == (200, 2)


def test_what_takes_too_long_is_given_up(make_api: MakeApi) -> None:
    api = make_api(Slow(hopeless=True))
    answer = api.send("GET", "/fhir/Patient?name=a", headers={"Accept-Language": "fr"})
    assert answer.status_code == 503
    (issue,) = answer.json()["issue"]
    assert issue["code"] == "timeout"
    assert "30 secondes" in issue["diagnostics"]
