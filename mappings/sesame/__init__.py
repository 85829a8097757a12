"""SÉSAME, collaborative mental health care in general practice, as a care programme of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fhir_server.programme import Programme, Resource
from mappings.sesame.checks.identity import IdentityCheck
from mappings.sesame.guide import guide_version, load_guide

if TYPE_CHECKING:
    from fhir_server.extension import PlugIns


def plug_ins(root: str | None, options: Mapping[str, Any]) -> PlugIns:
    """The plug-ins of a server, imported lazily: `fhir-server validate` needs none of them."""
    from mappings.sesame.plug_ins import plug_ins

    return plug_ins(root, options)


def demo(root: str | None) -> Iterable[Resource]:
    """The synthetic demo cohort, whose modules are imported lazily because few commands need them."""
    from mappings.sesame.cohort import demo_cohort

    return demo_cohort(root=root)


def forecast(root: str | None, *, seed: int, scale: float) -> Iterable[tuple[Resource, ...]]:
    """The cohort of the forecast, also imported lazily."""
    from mappings.sesame.cohort.forecast import forecast_cohort

    return forecast_cohort(root, seed=seed, scale=scale)


PROGRAMME = Programme(
    name="sesame",
    version=guide_version(),
    guide=load_guide,
    demo=demo,
    plug_ins=plug_ins,
    checks=(IdentityCheck(),),
    cohorts={"forecast": forecast},
)
