"""What a rule says: an error, or what the policy makes of it."""

from collections.abc import Iterator

from fhir_server.issues import Issue, Text
from mappings.sesame.policy import Verdict


def refusal(text: Text, place: str) -> Issue:
    """The error of a rule that is stated."""
    return Issue("error", "business-rule", text, (place,))


def policy_issue(verdict: Verdict, text: Text, place: str) -> Iterator[Issue]:
    """What a switch makes of a rule that is not stated."""
    if verdict == "refuse":
        yield refusal(text, place)
    elif verdict == "warn":
        yield Issue("warning", "business-rule", text, (place,))
