"""The terminology service's part of TerminologyCapabilities.

https://hl7.org/fhir/R4/terminologycapabilities.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.definitions.grammars import GRAMMARS
from fhir_server.definitions.registry import Registry

EXPANSION_PARAMETERS = (
    "activeOnly",
    "check-system-version",
    "context",
    "contextDirection",
    "count",
    "default-valueset-version",
    "designation",
    "displayLanguage",
    "exclude-system",
    "excludeNested",
    "excludeNotForUI",
    "excludePostCoordinated",
    "filter",
    "force-system-version",
    "includeDefinition",
    "includeDesignations",
    "offset",
    "property",
    "system-version",
    "tx-resource",
    "url",
    "useSupplement",
    "valueSet",
    "valueSetVersion",
)
_TEXT_FILTER = (
    "Every word of the filter has to occur, whatever its case, in the code, in its display or in one of its "
    "designations."
)


def terminology_elements(registry: Registry) -> dict[str, Any]:
    """The elements of TerminologyCapabilities on code systems and operations."""
    return {
        "codeSystem": list(_code_systems(registry.code_system_versions())),
        "expansion": {
            "hierarchical": True,
            "paging": True,
            "incomplete": True,
            "parameter": [{"name": name} for name in EXPANSION_PARAMETERS],
            "textFilter": _TEXT_FILTER,
        },
        "codeSearch": "all",
        "validateCode": {"translations": True},
        "translation": {"needsMap": False},
    }


def _code_systems(versions: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """Each code system with its versions; the last one is the default."""
    for url, known in sorted(versions.items()):
        system: dict[str, Any] = {"uri": url}
        if known:
            default = known[-1]
            system["version"] = [{"code": version, "isDefault": version == default} for version in known]
        yield {**system, "subsumption": url not in GRAMMARS}
