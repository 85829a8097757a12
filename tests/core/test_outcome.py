"""Issues become an OperationOutcome in the reader's language."""

from fhir_server.core.outcome import operation_outcome
from fhir_server.issues import Issue, Template

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
