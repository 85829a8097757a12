"""Compares our validation of a resource with the models of fhir.resources.

Its models are R4B, which has the structure of R4 for most types; they check no invariants and no profiles.
"""

from importlib import import_module
from typing import Any

from fhir_server.cli import messages
from fhir_server.cli.errors import MisuseError
from fhir_server.core import json
from fhir_server.issues import Issue

STRUCTURAL = frozenset({"structure", "required", "value", "code-invalid"})
"""The issue types that both check."""
REASONS_MAX = 5


class CrossCheck:
    """Checks resources with fhir.resources. Raises `MisuseError` where it is not installed."""

    def __init__(self) -> None:
        try:
            self._models = import_module("fhir.resources.R4B")
        except ImportError as error:
            raise MisuseError(
                "--cross-check needs the package fhir.resources: pip install fhir.resources."
            ) from error

    def differences(self, resource: Any, issues: list[Issue]) -> list[Issue]:
        """Issues on which the two validators disagree."""
        type = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(type, str):
            return []
        ours = any(issue.fails and issue.code in STRUCTURAL for issue in issues)
        reasons = self._refusal(resource, type)
        if reasons and not ours:
            return [
                Issue("warning", "informational", messages.REFUSED(reason=reason), (place,), "cross-check")
                for place, reason in reasons
            ]
        if ours and not reasons:
            return [Issue("information", "informational", messages.ACCEPTED(), (type,), "cross-check")]
        return []

    def _refusal(self, resource: dict[str, Any], type: str) -> list[tuple[str, str]]:
        """Pairs of location and reason for which the models refuse a resource; empty where they accept it."""
        try:
            self._models.get_fhir_model_class(type).model_validate_json(json.serialise(resource))
        except (ValueError, KeyError, LookupError) as error:
            details = error.errors() if hasattr(error, "errors") else [{"loc": (), "msg": str(error)}]
            return [(_place(type, detail["loc"]), str(detail["msg"])) for detail in details[:REASONS_MAX]]
        return []


def _place(type: str, location: Any) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return type + "".join(steps)
