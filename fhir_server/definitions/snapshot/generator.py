"""Snapshots by canonical: generated from R4's facts or from differentials on first use, and cached.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.definitions.elements import STRUCTURES
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.base_types import VERSION, BaseTypes
from fhir_server.definitions.snapshot.differential import Differential
from fhir_server.definitions.snapshot.element_format import format_errors
from fhir_server.definitions.snapshot.element_paths import PARTS_MAX, is_too_deep, path_of
from fhir_server.definitions.snapshot.narrowing import Narrowing, limit_of
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot
from fhir_server.definitions.snapshot.tree import build_tree, flatten
from fhir_server.definitions.snapshot.type_hierarchy import TypeHierarchy
from fhir_server.definitions.snapshot.unfolding import Unfolding
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, IssueType, Text

Structure = dict[str, Any]

DERIVATIONS_MAX = 30
_BASE = "StructureDefinition.baseDefinition"


class Snapshots:
    """Generates and caches snapshots of R4's types and of the StructureDefinitions that `structure` finds."""

    def __init__(self, base_types: BaseTypes, structure: Callable[[str], Structure | None]) -> None:
        self._structure = structure
        self._base_types = base_types
        self._types = TypeHierarchy(base_types.definition, structure)
        self._made: dict[str, Snapshot] = {}
        self._faulty: dict[str, tuple[Issue, ...]] = {}

    def snapshot(self, canonical: str) -> Snapshot:
        """The snapshot of a type or profile by `url` or `url|version`.

        Raises KeyError if it is unknown, `SnapshotError` if it is faulty.
        """
        return self._cached_snapshot(canonical, ())

    def snapshot_of(self, structure: Structure) -> Snapshot:
        """Generate the snapshot of a given profile from its differential; it is not cached. Raises
        `SnapshotError` if the profile is faulty.
        """
        return self._derived(structure["url"], structure, ())

    def _cached_snapshot(self, canonical: str, in_progress: tuple[str, ...]) -> Snapshot:
        """The snapshot; `in_progress` are the canonicals of the snapshots being generated that need it."""
        if (made := self._made.get(canonical)) is not None:
            return made
        if issues := self._faulty.get(canonical):
            raise SnapshotError(*issues)
        if canonical in in_progress:
            chain = " > ".join((*in_progress[in_progress.index(canonical) :], canonical))
            raise _faulty(_BASE, messages.CIRCULAR(chain=chain))
        if len(in_progress) == DERIVATIONS_MAX:
            raise _faulty(_BASE, messages.TOO_LONG(limit=DERIVATIONS_MAX), "too-costly")
        try:
            made = self._made[canonical] = self._make(canonical, in_progress)
        except SnapshotError as error:
            if not in_progress:
                self._faulty[canonical] = error.issues
            raise
        return made

    def _make(self, canonical: str, in_progress: tuple[str, ...]) -> Snapshot:
        url, _, version = canonical.partition("|")
        if url.startswith(STRUCTURES) and version in ("", VERSION, "4.0"):
            try:
                return self._base_types.snapshot(url.removeprefix(STRUCTURES))
            except KeyError:
                pass  # not an R4 type, so a profile or extension
        structure = self._structure(canonical)
        if structure is None:
            raise KeyError(canonical)
        if given := _elements(structure, "snapshot"):
            return _given_snapshot(structure, given)
        return self._derived(canonical, structure, in_progress)

    def _derived(self, canonical: str, structure: Structure, in_progress: tuple[str, ...]) -> Snapshot:
        """Generate the snapshot of a profile from its differential."""
        in_progress = (*in_progress, canonical)
        base = self._base(structure, in_progress)
        lines = _elements(structure, "differential")
        if lines is None:
            raise _faulty("StructureDefinition", messages.NOTHING_STATED())
        root = build_tree(base.elements)
        narrowing = Narrowing(structure["url"], self._types)
        differential = Differential(
            root, narrowing, Unfolding(lambda url: self._cached_snapshot(url, in_progress))
        )
        differential.apply(lines)
        if differential.issues:
            raise SnapshotError(*differential.issues)
        return _snapshot(structure, base, tuple(flatten(root)))

    def _base(self, structure: Structure, in_progress: tuple[str, ...]) -> Snapshot:
        """The snapshot of a profile's base definition."""
        url = structure.get("baseDefinition")
        if structure.get("derivation") == "specialization":
            raise _faulty("StructureDefinition.derivation", messages.NEW_TYPE())
        if not isinstance(url, str):
            raise _faulty(_BASE, messages.NO_BASE())
        try:
            base = self._cached_snapshot(url, in_progress)
        except KeyError as error:
            raise _faulty(_BASE, messages.UNKNOWN_BASE(url=url), "not-found") from error
        except SnapshotError as error:
            if error.issues[0].text.template is messages.CIRCULAR:
                raise
            reason = messages.FAULTY_BASE(url=url, reason=error.issues[0].text)
            raise _faulty(_BASE, reason, "incomplete") from error
        if structure.get("type") != base.type:
            text = messages.OTHER_TYPE(type=structure.get("type"), url=url, base=base.type)
            raise _faulty("StructureDefinition.type", text)
        return base


def _elements(structure: Structure, view: str) -> list[Any] | None:
    """The elements of the `differential` or `snapshot`; None if it is absent."""
    holder = structure.get(view)
    lines = holder.get("element") if isinstance(holder, dict) else None
    return lines if isinstance(lines, list) else None


def _snapshot(
    structure: Structure, base: Snapshot | None, elements: tuple[ElementDefinition, ...]
) -> Snapshot:
    return Snapshot(
        url=structure["url"],
        version=structure.get("version"),
        name=structure.get("name", ""),
        type=structure["type"],
        kind=structure.get("kind", base.kind if base else ""),
        abstract=structure.get("abstract") is True,
        base=structure.get("baseDefinition"),
        derivation=structure.get("derivation"),
        elements=elements,
        contexts=tuple(structure.get("context", ())),
        context_invariants=tuple(structure.get("contextInvariant", ())),
    )


def _given_snapshot(structure: Structure, elements: list[Any]) -> Snapshot:
    """The snapshot included in a StructureDefinition, unchanged. Raises `SnapshotError` if it is
    malformed.
    """
    issues = [
        Issue("error", "structure", text, (f"StructureDefinition.snapshot.element[{index}]{field}",))
        for index, element in enumerate(elements)
        for field, text in _given_faults(element, structure.get("type"))
    ]
    if issues:
        raise SnapshotError(*issues)
    return _snapshot(structure, None, tuple(elements))


def _given_faults(element: Any, type: Any) -> Iterator[tuple[str, Text]]:
    """The errors of an element in an included snapshot, which must be complete."""
    wrong = [*format_errors(element)]
    yield from ((field, messages.WRONG_SHAPE(expected=expected())) for field, expected in wrong)
    if wrong:
        return
    for name, expected in (
        ("id", messages.A_TEXT),
        ("min", messages.A_WHOLE_NUMBER),
        ("max", messages.A_TEXT),
    ):
        if name not in element:
            yield f".{name}", messages.WRONG_SHAPE(expected=expected())
    if limit_of(element.get("max", "*")) is None:
        yield ".max", messages.BAD_MAX(stated=element["max"])
    if is_too_deep(path_of(element, ())):
        yield ".path", messages.TOO_DEEP(limit=PARTS_MAX)
    root = element["path"].partition(".")[0]
    if root != type:
        yield ".path", messages.OTHER_ROOT(found=root, root=type)


def _faulty(place: str, text: Text, code: IssueType = "invalid") -> SnapshotError:
    return SnapshotError(Issue("error", code, text, (place,)))
