"""A profile shares the processor time out by thread, by function, and by function with what it calls."""

from benchmarks.profile import Profile
from benchmarks.servers import ROOT

RUN = "/x/site-packages/uvicorn/server.py:10 Server.run"
PARSE = f"{ROOT}/fhir_server/core/json.py:40 parse"
CREATE = f"{ROOT}/fhir_server/interactions/create.py:20 create"


def test_shares_add_up_and_paths_are_short() -> None:
    profile = Profile([(("MainThread", RUN), 1.0), (("lane", CREATE), 1.0), (("lane", CREATE, PARSE), 2.0)])

    assert profile.text().splitlines() == [
        "  by thread",
        "     75.0%  lane",
        "     25.0%  MainThread",
        "  in the function itself",
        "     50.0%  fhir_server/core/json.py:40 parse",
        "     25.0%  uvicorn/server.py:10 Server.run",
        "     25.0%  fhir_server/interactions/create.py:20 create",
        "  in the function and what it calls",
        "     75.0%  fhir_server/interactions/create.py:20 create",
        "     50.0%  fhir_server/core/json.py:40 parse",
        "     25.0%  uvicorn/server.py:10 Server.run",
    ]


def test_a_function_that_calls_itself_counts_once() -> None:
    profile = Profile([(("lane", PARSE, PARSE, PARSE), 3.0)])

    assert "100.0%  fhir_server/core/json.py:40 parse" in profile.text()


def test_only_the_greatest_are_shown() -> None:
    profile = Profile([(("lane", f"f{number}"), float(number)) for number in range(50)])

    assert profile.text(shown=3).count("%") == 1 + 3 + 3
