"""The issues of rules: an error, or what the policy decides."""

from collections.abc import Iterator

from fhir_server.issues import Issue, Text
from mappings.sesame.policy import Verdict


def refusal(text: Text, place: str) -> Issue:
    """The error of a stated rule."""
    return Issue("error", "business-rule", text, (place,))


def policy_issue(verdict: Verdict, text: Text, place: str) -> Iterator[Issue]:
    """The issue that the policy sets for a rule that is not stated; none for `allow`."""
    if verdict == "refuse":
        yield refusal(text, place)
    elif verdict == "warn":
        yield Issue("warning", "business-rule", text, (place,))
