"""The interface of a care programme, which a Python package exposes as `PROGRAMME`; the settings name them.

Plug-ins are imported lazily: a command that only checks files needs just the guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fhir_server.extension import PlugIns
    from fhir_server.validation.checks.check import Check

Resource = dict[str, Any]


def no_plug_ins(_root: str | None, _options: Mapping[str, Any]) -> PlugIns:
    """The plug-ins of a programme that is only a guide: none."""
    from fhir_server.extension import PlugIns

    return PlugIns()


class Cohort(Protocol):
    """A synthetic cohort, reproducible from its seed; `scale` is a fraction of its full size.

    Returns groups of transaction Bundles. All groups refer to resources of the first one; the others are
    independent of each other, so that several clients can send them. Within a group the order counts. Raises
    `ValueError` for a scale out of bounds.
    """

    def __call__(self, root: str | None, *, seed: int, scale: float) -> Iterable[tuple[Resource, ...]]: ...


@dataclass(frozen=True, slots=True)
class Programme:
    """A care programme: its guide as plain resources, its synthetic cohort as transaction Bundles, and its
    plug-ins. `guide`, `demo` and `plug_ins` take the canonical root to write instead of the programme's own;
    `plug_ins` also takes the operator's options, and raises `ValueError` for an unknown one. `checks` are
    checks of single resources, like the engine's own. `cohorts` are larger cohorts by name.
    """

    name: str
    version: str
    guide: Callable[[str | None], Iterable[Resource]]
    demo: Callable[[str | None], Iterable[Resource]]
    plug_ins: Callable[[str | None, Mapping[str, Any]], PlugIns] = no_plug_ins
    checks: tuple[Check, ...] = ()
    cohorts: Mapping[str, Cohort] = field(default_factory=dict)
