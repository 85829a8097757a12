"""A care programme, as a package exposes it as `PROGRAMME`; bootstrap imports those that the settings name.

What plugs into the engine is imported when it is asked for: who only checks files needs the guide alone.
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
    """A synthetic cohort, `scale` times as large as it can be, the same at each call with the same seed.

    Gives groups of transaction Bundles. What the first group holds, all others refer to; these are
    independent of each other, so that several clients can send them. Within a group the order counts. Raises
    `ValueError` for a scale out of bounds.
    """

    def __call__(self, root: str | None, *, seed: int, scale: float) -> Iterable[tuple[Resource, ...]]: ...


@dataclass(frozen=True, slots=True)
class Programme:
    """A care programme: its guide as plain resources, its synthetic cohort as transaction Bundles, and its
    plug-ins. `guide`, `demo` and `plug_ins` take the canonical root to write instead of the programme's own;
    `plug_ins` also the options of whoever runs the server, and raises `ValueError` for one that it does not
    know. `checks` look at single resources, as the engine's own do. `cohorts` are larger ones by name.
    """

    name: str
    version: str
    guide: Callable[[str | None], Iterable[Resource]]
    demo: Callable[[str | None], Iterable[Resource]]
    plug_ins: Callable[[str | None, Mapping[str, Any]], PlugIns] = no_plug_ins
    checks: tuple[Check, ...] = ()
    cohorts: Mapping[str, Cohort] = field(default_factory=dict)
