"""Discriminator paths: from a slice to the definitions of the element that decides.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Callable, Iterable

from fhir_server.definitions.snapshot.tree import Node as Branch
from fhir_server.validation.fhirpath.compiled import Unsupported
from fhir_server.validation.fhirpath.parser import Call, Literal, Member, Path, Special, Tree

Step = tuple[str, str]
"""The kind of a step (child, extension, type, resolve) and the name or url it goes to."""

FindRoot = Callable[[str], Branch | None]
"""Finds the root element of a profile by its canonical."""


def steps_of(tree: Tree) -> Iterable[Step]:
    """The steps of a discriminator's path, parsed. Raises `Unsupported` for any other expression."""
    match tree:
        case Special("this"):
            return
        case Path(left, right):
            yield from steps_of(left)
            yield from steps_of(right)
        case Member(name):
            yield ("child", name)
        case Call("extension", (Literal(str() as url, _),)):
            yield ("extension", url)
        case Call("ofType", (Member(name),)):
            yield ("type", name)
        case Call("resolve", ()):
            yield ("resolve", "")
        case _:
            raise Unsupported("a path that is none of a discriminator's")


def definitions_along(
    slice: Branch, steps: list[Step], root: FindRoot
) -> Iterable[tuple[Branch, list[Step]]]:
    """The element definitions along the steps, the slice included, each with the remaining steps."""
    yield slice, steps
    if not steps:
        return
    for following in _following(slice, steps[0], root):
        yield from definitions_along(following, steps[1:], root)


def _following(branch: Branch, step: Step, root: FindRoot) -> list[Branch]:
    kind, name = step
    if kind == "resolve":
        return _roots(branch.canonicals("targetProfile"), root)
    if kind == "type":
        return [slice for slice in branch.slices if name in slice.type_codes] or [branch]
    if kind == "extension":
        return _extension_branches(branch, name, root)
    own = [child for child in branch.children or () if child.name in (name, f"{name}[x]")]
    # a required slice of the element decides as well, such as one coding of several
    own += [inner for slice in own for inner in slice.slices if inner.facts.get("min")]
    profiles = _roots(branch.canonicals("profile"), root)
    inner = [below for inside in profiles for below in _following(inside, step, root)]
    return own + inner


def _roots(profiles: list[str], root: FindRoot) -> list[Branch]:
    return [found for found in map(root, profiles) if found is not None]


def _extension_branches(branch: Branch, url: str, root: FindRoot) -> list[Branch]:
    """The slices for one extension, identified by its profile or by its fixed url."""
    lists = [child for child in branch.children or () if child.name in ("extension", "modifierExtension")]
    return [slice for child in lists for slice in child.all_slices() if _is_for(slice, url, root)]


def _is_for(slice: Branch, url: str, root: FindRoot) -> bool:
    profiles = slice.canonicals("profile")
    return url in profiles or any(
        child.name == "url" and child.facts.get("fixedUri") == url
        for branch in (slice, *_roots(profiles, root))
        for child in branch.children or ()
    )
