"""Issues become an OperationOutcome in the reader's language."""

from typing import Any, get_args

import pytest

from fhir_server.core.outcome import operation_outcome
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, IssueType, Severity, Template

GREETING = Template(en="Hello {name}", fr="Bonjour {name}")
WRAPPED = Template(en="<{inner}>", fr="«{inner}»")


def test_an_issue_says_what_where_and_by_which_rule() -> None:
    issue = Issue("error", "value", GREETING(name="Ada"), ("Patient.name[0]",), key="pat-1")
    assert operation_outcome([issue], "fr") == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "value",
                "details": {"text": "Bonjour Ada", "coding": [{"code": "pat-1"}]},
                "diagnostics": "Bonjour Ada",
                "expression": ["Patient.name[0]"],
            }
        ],
    }


def test_a_text_inside_a_text_is_in_the_same_language() -> None:
    issue = Issue("error", "value", WRAPPED(inner=GREETING(name="Ada")))
    assert operation_outcome([issue], "fr")["issue"][0]["diagnostics"] == "«Bonjour Ada»"
    assert operation_outcome([issue], "en")["issue"][0]["diagnostics"] == "<Hello Ada>"


def test_nothing_to_say_is_said() -> None:
    assert operation_outcome([], "en")["issue"][0]["severity"] == "information"


def test_control_characters_are_shown_by_their_pictures() -> None:
    issue = Issue("error", "value", GREETING(name="\x00A\td\x1fa\n"), ("http.\x07",))
    found = operation_outcome([issue], "en")["issue"][0]
    assert found["diagnostics"] == found["details"]["text"] == "Hello ␀A\td␟a\n"
    assert found["expression"] == ["http.␇"]


@pytest.mark.parametrize(("type", "value_set"), [(IssueType, "issue-type"), (Severity, "issue-severity")])
def test_issues_have_the_codes_of_r4(type: Any, value_set: str) -> None:
    codes = Registry.r4().codes(f"http://hl7.org/fhir/ValueSet/{value_set}")
    assert codes is not None
    assert set(get_args(type)) == {concept.code for concept in codes.concepts}
