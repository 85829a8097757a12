"""A profile shares the processor time out by thread, by line, and by function with what it calls."""

from benchmarks.profile import Frame, Profile, stacks
from benchmarks.servers import ROOT

WRITTEN = f"""  File "/cut/off.py", line 1 in lost
Current thread 0x00007f2c6a3fe6c0 (most recent call first):
  File "{ROOT}/fhir_server/core/json.py", line 40 in parse
  File "{ROOT}/fhir_server/api/lanes.py", line 90 in _work
  File "/usr/lib/python3.11/threading.py", line 982 in run

Current thread 0x00007f2c6b1fe000 (most recent call first):
  File "/x/lib/python3.12/site-packages/uvicorn/server.py", line 10 in run
  File "<frozen runpy>", line 88 in _run_code

Current thread 0x00007f2c"""

MAIN = Frame("<frozen runpy>", 88, "_run_code")
CREATE = Frame("fhir_server/interactions/create.py", 20, "create")
PARSE = Frame("fhir_server/core/json.py", 40, "parse")
PARSE_LATER = PARSE._replace(line=42)


def test_what_the_sampler_wrote_is_read_but_for_torn_ends() -> None:
    lane, main = stacks(WRITTEN)

    assert lane[0] == PARSE
    assert lane[-1] == Frame("threading.py", 982, "run")
    assert main == (Frame("uvicorn/server.py", 10, "run"), MAIN)


def test_shares_by_thread_line_and_function() -> None:
    work = Frame("fhir_server/api/lanes.py", 90, "_work")
    thread = Frame("threading.py", 982, "run")
    profile = Profile(
        [(MAIN,), (work, thread), (PARSE, CREATE, work, thread), (PARSE_LATER, CREATE, work, thread)]
    )

    assert profile.text().splitlines()[:7] == [
        "  by thread, of 4 samples",
        "     75.0%  fhir_server/api/lanes.py _work",
        "     25.0%  <frozen runpy> _run_code",
        "  at one line, with what it calls in C",
        "     25.0%  <frozen runpy>:88 _run_code",
        "     25.0%  fhir_server/api/lanes.py:90 _work",
        "     25.0%  fhir_server/core/json.py:40 parse",
    ]
    assert "     25.0%  fhir_server/core/json.py:42 parse" in profile.text()
    assert "     50.0%  fhir_server/core/json.py parse" in profile.text()
    assert "     50.0%  fhir_server/interactions/create.py create" in profile.text()
    assert "threading.py" not in profile.text()


def test_what_is_in_every_sample_of_a_thread_is_not_worth_a_line() -> None:
    profile = Profile([(PARSE, CREATE, MAIN), (CREATE, MAIN), (MAIN,)])

    together = profile.text().partition("in a function")[2]
    assert "66.7%  fhir_server/interactions/create.py create" in together
    assert "_run_code" not in together


def test_a_function_that_calls_itself_counts_once() -> None:
    profile = Profile([(PARSE, PARSE_LATER, PARSE, MAIN), (MAIN,)])

    assert "50.0%  fhir_server/core/json.py parse" in profile.text()


def test_only_the_greatest_are_shown() -> None:
    profile = Profile([(Frame("f.py", number, f"f{number}"), MAIN) for number in range(50)])

    assert profile.text(shown=3).count("%") == 1 + 3 + 3
