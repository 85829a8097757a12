"""A profile attributes the processor time to threads, lines, and functions including their callees."""

from benchmarks.profile import Profile, idle_threads, stacks

RAW = """\
MainThread;main (fhir_server/cli/main.py:36);run (uvicorn/server.py:10) 5
thread (4711): writer;_work (fhir_server/api/executors.py:90) 1
writer;_work (fhir_server/api/executors.py:90);create (fhir_server/create.py:20);parse (core/json.py:40) 3
writer;_work (fhir_server/api/executors.py:91);create (fhir_server/create.py:20);parse (core/json.py:42) 1
"""


def test_shares_by_thread_by_line_and_by_function() -> None:
    text = Profile(stacks(RAW)).text()

    assert text.splitlines()[:8] == [
        "  by thread, of 10 samples",
        "     50.0%  MainThread",
        "     50.0%  writer",
        "  at one line, with what it calls in C",
        "     50.0%  run (uvicorn/server.py:10)",
        "     30.0%  parse (core/json.py:40)",
        "     10.0%  _work (fhir_server/api/executors.py:90)",
        "     10.0%  parse (core/json.py:42)",
    ]
    assert set(text.splitlines()[8:]) == {
        "  in a function, with all that it calls",
        "     40.0%  create (fhir_server/create.py)",
        "     40.0%  parse (core/json.py)",
    }


def test_threads_that_only_waited_are_left_out() -> None:
    idle = idle_threads(before={1: 5.0, 4711: 2.0}, after={1: 7.0, 4711: 2.01, 9: 0.5})

    assert idle == {4711}
    assert stacks("thread (4711): writer;_work (lanes.py:90) 7\nthread (1): main;f (f.py:1) 2", idle) == {
        ("main", "f (f.py:1)"): 2
    }


def test_what_is_in_every_sample_of_a_thread_is_not_worth_a_line() -> None:
    together = Profile(stacks(RAW)).text().partition("in a function")[2]

    assert "_work" not in together
    assert "main" not in together


def test_a_function_that_calls_itself_counts_once() -> None:
    text = Profile(stacks("lane;visit (tree.py:1);walk (tree.py:2);visit (tree.py:1) 4\nlane 4")).text()

    assert "     50.0%  visit (tree.py)" in text


def test_only_the_greatest_are_shown() -> None:
    raw = "\n".join(f"lane;f{number} (f.py:{number}) 1" for number in range(50))

    assert Profile(stacks(raw)).text(shown=3).count("%") == 1 + 3 + 3
