"""Codings of known code systems: the code must exist in the system, and the display must be one of the
code's.

https://hl7.org/fhir/R4/terminologies.html#code
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhir_server.codes.display_check import display_key
from fhir_server.codes.languages import EVERY_LANGUAGE, valid_displays
from fhir_server.codes.messages import SYSTEM_RELATIVE
from fhir_server.codes.view import View
from fhir_server.core import ucum
from fhir_server.core.reference import is_absolute
from fhir_server.definitions.code_systems import CodeSystem
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, shortened
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.datatype_checks import malformed_urn
from fhir_server.validation.profiles.misnamed_systems import misnamed_system
from fhir_server.validation.profiles.value_checks import ValueCheck

_CACHE_MAX = 4096
_STILL_GROWING = tuple(f"http://terminology.hl7.org/CodeSystem/{family}-" for family in ("v2", "v3"))
"""Code systems whose later versions, which senders may use, have more codes than the version in R4."""


@dataclass(frozen=True, slots=True)
class KnownCodeSystem:
    """A known code system: its codes, None if they are incomplete, and the severity of an unknown code."""

    system: CodeSystem
    codes: Collection[str] | None
    severity: Severity
    displays: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has_display(self, code: str, given: str) -> bool:
        """Whether a display is one of the code's in any language; true if the code has no display."""
        if code not in self.displays:
            concept = self.system.find(code)
            texts = valid_displays(concept, None, EVERY_LANGUAGE) if concept else []
            self.displays[code] = tuple(dict.fromkeys(map(display_key, texts)))
        known = self.displays[code]
        return not known or display_key(given) in known

    def best(self, code: str) -> str:
        """The preferred display of a code that has one."""
        concept = self.system.find(code)
        return valid_displays(concept, None, EVERY_LANGUAGE)[0] if concept else ""


def coding_check(registry: Registry, errors_only: bool) -> ValueCheck:
    """The check of any Coding, whatever its binding. A wrong display is not an error that refuses a write."""
    known = lru_cache(maxsize=_CACHE_MAX)(_known_by(registry, errors_only))

    def check(value: Any, _: ValidationContext) -> Findings:
        system, code = value.get("system"), value.get("code")
        if type(system) is not str:
            return None
        found = known(system)
        if found is None:
            return None if errors_only else _system_warnings(system, code, registry)
        if type(code) is not str:
            return None
        if found.codes is None or code in found.codes or found.system.has(code) is not False:
            display = None if errors_only else value.get("display")
            return _display(found, code, display) if type(display) is str else None
        text = messages.CODE_UNKNOWN(code=shortened(code), system=system)
        key = "unit" if system == ucum.SYSTEM else None
        return [Finding("code-invalid", text, ".code", key, found.severity)]

    return check


def _system_warnings(system: str, code: Any, registry: Registry) -> Findings:
    """Warnings for a `system` that is relative, malformed, misnamed, a supplement or a value set."""
    if not is_absolute(system):
        if type(code) is not str:
            return None
        text = SYSTEM_RELATIVE(url=shortened(system))
        return [Finding("code-invalid", text, ".system", "coding-system", "warning")]
    if (doubts := malformed_urn(system, ".system") or misnamed_system(system, registry)) is not None:
        return doubts
    known = registry.code_system(system)
    if known is not None and known.content == "supplement":
        text = messages.SYSTEM_IS_SUPPLEMENT(system=system)
        return [Finding("code-invalid", text, ".system", "coding-system", "warning")]
    if "/ValueSet/" not in system or registry.composition(system) is None:
        return None
    text = messages.SYSTEM_IS_VALUE_SET(system=system)
    return [Finding("code-invalid", text, ".system", "system-value-set", "warning")]


def _display(known: KnownCodeSystem, code: str, given: str) -> Findings:
    if known.has_display(code, given):
        return None
    sure = known.codes is not None and known.severity == "error" and known.system.case_sensitive
    template = messages.DISPLAY_WRONG if sure else messages.DISPLAY_UNKNOWN
    name = f"{known.system.url}#{code}"
    text = template(display=shortened(given), code=name, right=known.best(code))
    return [Finding("invalid", text, ".display", "display" if sure else None, "warning")]


def _known_by(registry: Registry, errors_only: bool) -> Callable[[str], KnownCodeSystem | None]:
    view = View(registry)

    def known(system: str) -> KnownCodeSystem | None:
        found = view.code_system(system) if is_absolute(system) else None
        # codes of other systems with a grammar are checked by their bindings
        if found is None or found.content == "supplement" or not (found.by_code or system == ucum.SYSTEM):
            return None
        if found.content != "complete":
            return None if errors_only else KnownCodeSystem(found, None, "warning")
        is_open = system == ucum.SYSTEM or system.startswith(_STILL_GROWING)
        severity: Severity = "warning" if is_open else "error"
        if errors_only and severity != "error":
            return None
        return KnownCodeSystem(found, found.by_code, severity)

    return known
