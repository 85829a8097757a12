"""Separators and escapes of search values, and strings as they are compared.

https://hl7.org/fhir/R4/search.html#escaping and #string
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

LIGATURES = {"œ": "oe", "æ": "ae"}
NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def split(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash stands before; they keep their escapes."""
    marked = re.sub(rf"(\\.)|{re.escape(separator)}", lambda found: found[1] or "\0", text)
    return marked.split("\0")


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def plain(text: str) -> str:
    """The base characters in lower case; one space for any run of spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    base = "".join(LIGATURES.get(c, c) for c in folded if not unicodedata.combining(c))
    return " ".join("".join(" " if _separates(c) else c for c in base).split()) or text


def joined(text: str) -> str:
    """The same with nothing in place of punctuation: O'Neill is ONeill."""
    return plain("".join(c for c in text if unicodedata.category(c)[0] != "P"))


def _both(text: str) -> tuple[str, str]:
    return plain(text), joined(text)


def _separates(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "PZ" or category in ("Sk", "Cc")


def parts(data: Any, type: str) -> list[str]:
    """The texts of an element. "The search covers the elements of type string", not `use` and `period`."""
    if type == "HumanName":
        spoken = " ".join([*data.get("given", ()), data.get("family", "")]).strip()
        return [*_members(data, NAME_PARTS), *([spoken] if spoken and "text" not in data else [])]
    if type == "Address":
        return list(_members(data, ADDRESS_PARTS))
    if type in ("string", "markdown"):
        return [data]
    raise ValueError(type)


def _members(data: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = data.get(name, [])
        yield from value if isinstance(value, list) else [value]


def family(data: Any, type: str, path: str) -> list[str]:
    """The family names of an element, the parts of which "servers should search independently"."""
    if type == "HumanName":
        return list(_members(data, ("family",)))
    return [data] if path.endswith(".family") else []


def matches(text: str, modifier: str, data: Any, type: str, path: str) -> bool:
    """Whether a text of the element starts with the value; or :contains it, is it :exact-ly, or has all of
    its words (:text, which R4 leaves open).
    """
    texts, value = parts(data, type), unescape(text)
    if modifier == "exact":
        return any(
            unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", value) for text in texts
        )
    if modifier == "text":
        wanted = set(plain(value).split())
        return any(wanted <= set(form.split()) for text in texts for form in _both(text))
    return any(_fits(wanted, modifier, texts, family(data, type, path)) for wanted in _both(value) if wanted)


def _fits(wanted: str, modifier: str, texts: list[str], families: list[str]) -> bool:
    forms = [form for text in texts for form in _both(text)]
    if modifier == "contains":
        return any(wanted in form for form in forms)
    return any(form.startswith(wanted) for form in forms) or any(
        " ".join(plain(one).split()[start:]).startswith(wanted)
        for one in families
        for start in range(len(plain(one).split()))
    )
