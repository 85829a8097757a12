"""Requested languages, and the best display of a concept for them.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.definitions.code_systems import Concept, Fact, effective_status

_DISPLAY_USES = frozenset({"display", "preferredForLanguage", "900000000000013009", "900000000000003001"})
_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Languages:
    """Language tags in order of preference. With `only`, displays in other languages do not count."""

    tags: tuple[str, ...] = ()
    only: bool = False

    def __str__(self) -> str:
        return ", ".join(self.tags)


EVERY_LANGUAGE = Languages()
"""No language is requested: the code system's own display is the best."""


_is_tag = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*").fullmatch


def is_language_list(text: str) -> bool:
    """Whether every part of a displayLanguage is a language tag or `*`."""
    return all(_is_tag(part.partition(";")[0].strip()) for part in text.split(","))


def parse_languages(text: str) -> Languages:
    """Parse a displayLanguage or Accept-Language such as `fr, en;q=0.5, *;q=0`."""
    ranked: list[tuple[float, str]] = []
    only = False
    for part in text[:_LENGTH_MAX].split(","):
        tag, _, parameter = part.partition(";")
        quality = _quality(parameter)
        if tag.strip() == "*":
            only = only or quality == 0
        elif tag.strip() and quality > 0:
            ranked.append((-quality, tag.strip()))
    return Languages(tuple(tag for _, tag in sorted(ranked, key=lambda pair: pair[0])), only)


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 1.0


def language_matches(language: str | None, tag: str) -> bool:
    """Whether a text in `language` matches the requested `tag`: equal, or one is a subtag of the other."""
    if not language:
        return False
    own, asked = language.lower(), tag.lower()
    return own == asked or own.startswith(asked + "-") or asked.startswith(own + "-")


def is_display(designation: Fact) -> bool:
    """Whether a designation can be used as display."""
    use = designation.get("use")
    return use is None or use.get("code") in _DISPLAY_USES


def is_current(designation: Fact) -> bool:
    """Whether a designation is neither deprecated nor withdrawn."""
    return effective_status(designation) not in ("deprecated", "withdrawn")


def best_display(concept: Concept, own_language: str | None, asked: Languages) -> str | None:
    """The best display of a concept; `own_language` is the language of its code system."""
    return best_display_with_source(concept, own_language, asked)[0]


def best_display_with_source(
    concept: Concept, own_language: str | None, asked: Languages
) -> tuple[str | None, Fact | None]:
    """The best display, and the designation that it comes from, if any."""
    for tag in asked.tags:
        if concept.display and language_matches(own_language, tag):
            return concept.display, None
        if (found := next(_designated(concept, tag), None)) is not None:
            return str(found["value"]), found
    return (None if asked.only and asked.tags else concept.display), None


def valid_displays(concept: Concept, own_language: str | None, asked: Languages) -> list[str]:
    """All valid displays in the requested languages; in any language if none is requested."""
    if not asked.tags:
        texts = [
            str(designation["value"])
            for designation in concept.designations
            if "value" in designation and is_current(designation)
        ]
        return [*([concept.display] if concept.display else []), *texts]
    found: list[str] = []
    for tag in asked.tags:
        if concept.display and (own_language is None or language_matches(own_language, tag)):
            found.append(concept.display)
        found += (str(designation["value"]) for designation in _designated(concept, tag, any_use=True))
    return found


def _designated(concept: Concept, tag: str, any_use: bool = False) -> Iterator[Fact]:
    for designation in filter(is_current, concept.designations):
        if (
            language_matches(designation.get("language"), tag)
            and (any_use or is_display(designation))
            and "value" in designation
        ):
            yield designation
