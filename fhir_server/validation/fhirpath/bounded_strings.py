"""String operations of FHIRPath that check the length of their result before they build it.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

import re
from collections.abc import Sequence

from fhir_server.core.fhirpath import FhirPathTooCostly
from fhir_server.core.fhirpath_limits import TEXT_MAX
from fhir_server.core.safe_regex import PatternError, search_pattern

_reference = re.compile(r"\$(?:(\d+)|\{(\w+)\})")
_named_group = re.compile(r"\(\?<(?=\w+>)")


def check_text_length(length: int) -> None:
    """Raises `FhirPathTooCostly` for a string longer than `TEXT_MAX`."""
    if length > TEXT_MAX:
        raise FhirPathTooCostly(f"it makes a text of more than {TEXT_MAX} characters")


def join_bounded(texts: Sequence[str], separator: str) -> str:
    """The strings joined by the separator."""
    check_text_length(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def replace_bounded(text: str, old: str, new: str) -> str:
    """The string with each occurrence of `old` replaced."""
    check_text_length(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new)


def matches_pattern(text: str, pattern: str) -> bool:
    """Whether a FHIRPath regular expression matches anywhere. Raises `PatternError`."""
    return search_pattern(_named_group.sub("(?P<", pattern), text, re.DOTALL).search(text) is not None


def replace_matches(text: str, pattern: str, new: str) -> str:
    """The string with each match replaced; `$1` and `${name}` stand for groups. An empty pattern matches
    nothing.

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
        check_text_length(length + len(new) + groups * max(longest, len(found[0])))
        try:
            made = found.expand(template)
        except (re.error, IndexError) as error:
            raise PatternError(f"the replacement '{new}': {error}") from error
        length += len(made)
        return made

    return compiled.sub(replacement, text)
