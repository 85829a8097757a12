"""Texts that expressions make, or look into with patterns, kept within bounds beforehand.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

import re
from collections.abc import Sequence

from fhir_server.core.fhirpath import FhirPathTooCostly
from fhir_server.core.fhirpath_limits import TEXT_MAX
from fhir_server.core.safe_regex import PatternError, search_pattern

_reference = re.compile(r"\$(?:(\d+)|\{(\w+)\})")
_named_group = re.compile(r"\(\?<(?=\w+>)")


def bounded_text(length: int) -> None:
    """Raises `FhirPathTooCostly` for the length of a text that is not to be made."""
    if length > TEXT_MAX:
        raise FhirPathTooCostly(f"it makes a text of more than {TEXT_MAX} characters")


def joined(texts: Sequence[str], separator: str) -> str:
    """All texts as one, with the separator between them."""
    bounded_text(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def replaced(text: str, old: str, new: str) -> str:
    """The text with each `old` replaced."""
    bounded_text(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new)


def matched(text: str, pattern: str) -> bool:
    """Whether a pattern as FHIRPath writes it matches anywhere. Raises `PatternError`."""
    return search_pattern(_named_group.sub("(?P<", pattern), text, re.DOTALL).search(text) is not None


def replaced_matches(text: str, pattern: str, new: str) -> str:
    """The text with what matches replaced; `$1` and `${name}` stand for groups, and no pattern for nothing.
    Raises `PatternError`.
    """
    if not pattern:
        return text
    compiled = search_pattern(_named_group.sub("(?P<", pattern), text, re.DOTALL)
    template = _reference.sub(r"\\g<\1\2>", new.replace("\\", "\\\\"))
    groups = len(_reference.findall(new))
    length = 0

    def replacement(found: re.Match[str]) -> str:
        nonlocal length
        longest = max((len(group) for group in found.groups("") if group), default=0)
        bounded_text(length + len(new) + groups * max(longest, len(found[0])))
        try:
            made = found.expand(template)
        except (re.error, IndexError) as error:
            raise PatternError(f"the replacement '{new}': {error}") from error
        length += len(made)
        return made

    return compiled.sub(replacement, text)
