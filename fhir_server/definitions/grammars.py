"""Code systems defined by a grammar instead of a list: units, languages, media types, URIs, time zones.

https://hl7.org/fhir/R4/terminologies-systems.html#external
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from zoneinfo import available_timezones

from fhir_server.core import ucum
from fhir_server.core.ucum_units import PREFIXES
from fhir_server.definitions.code_systems import CodeSystem

_CODE_LENGTH_MAX = 300

_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)",
    re.IGNORECASE | re.ASCII,
)
"""https://www.rfc-editor.org/rfc/rfc5646#section-2.1: a well-formed tag; subtags are not looked up in a
registry.
"""

_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_BARE_VALUE = r"[A-Za-z0-9!#$%&'*+.^_`|~:/?@=-]+"
_MEDIA_TYPE = re.compile(
    rf"{_NAME}/{_NAME}(?:[ \t]*;[ \t]*{_TOKEN}=(?:{_BARE_VALUE}|\"[^\"\\]*\"))*", re.ASCII
)
"""https://www.rfc-editor.org/rfc/rfc6838#section-4.2 and https://www.rfc-editor.org/rfc/rfc2045#section-5.1;
URLs need no quotes, because signatures use them as in `application/fhir+json;canonicalization=http://...`.
"""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")

_UNIT_TOKEN = re.compile(r"\{[^{}]*\}|[/.()]|(?:\[[^\[\]]*\]|[^/.(){}\[\]])+")
_EXPONENT = re.compile(r"[+-]?\d+$")
_FURTHER_UNITS = frozenset(
    {"gon", "st", "b", "AU", "pc", "Ky", "Bi", "Mx", "G", "Oe", "Gb", "sb", "Lmb", "ph", "Gal", "gf", "att"}
    | {"mho", "bit", "bit_s", "By", "Bd", "sph", "tex", "Np", "B", "cal_[15]", "cal_[20]", "cal_m", "cal_IT"}
    | {"cal_th", "[pH]", "[c]", "[h]", "[k]", "[eps_0]", "[mu_0]", "[e]", "[m_e]", "[m_p]", "[G]", "[g]"}
    | {"[ly]", "B[SPL]", "B[V]", "B[mV]", "B[uV]", "B[10.nV]", "B[W]", "B[kW]", "[p'diop]", "%[slope]"}
    | {"Ao", "Cel"}
    | {"[hp'_X]", "[hp'_C]", "[S]", "[HPF]", "[LPF]", "[MET]", "[Btu]", "[HP]", "[degRe]", "[degR]"}
)
"""Valid UCUM units, alone or with a prefix, that cannot be converted here. https://ucum.org/ucum"""
_ALL_PREFIXES = (*PREFIXES, "Ki", "Mi", "Gi", "Ti")


def _is_unit(code: str) -> bool | None:
    """Whether a code is a UCUM unit; None if it has an unknown unit in brackets."""
    if ucum.canonical(code) is not None:
        return True
    if not code or not code.isascii() or any(char.isspace() for char in code):
        return False
    tokens = _UNIT_TOKEN.findall(code)
    verdicts = [_unit_of(token) for token in tokens]
    if "".join(tokens) != code or False in verdicts:
        return False
    if ucum.canonical("".join(map(_placeholder, tokens))) is None:
        return False
    return None if None in verdicts else True


def _is_readable(token: str) -> bool:
    """Whether a token is an operator, an annotation, or a unit that can be converted."""
    return token in "/.()" or token.startswith("{") or ucum.canonical(token) is not None


def _unit_of(token: str) -> bool | None:
    if _is_readable(token):
        return True
    atom = _EXPONENT.sub("", token)
    if atom in _FURTHER_UNITS or any(
        atom.startswith(prefix) and atom[len(prefix) :] in _FURTHER_UNITS for prefix in _ALL_PREFIXES
    ):
        return True
    return None if "[" in atom else False


def _placeholder(token: str) -> str:
    """A known unit in place of an unknown one, to check the syntax of the whole expression."""
    if _is_readable(token):
        return token
    exponent = _EXPONENT.search(token)
    return "m" + (exponent.group() if exponent else "")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda code: len(code) <= _CODE_LENGTH_MAX and pattern.fullmatch(code) is not None


_GRAMMARS: Mapping[str, tuple[str, bool, Callable[[str], bool | None]]] = {
    ucum.SYSTEM: ("UCUM", True, _is_unit),
    "urn:ietf:bcp:47": ("BCP47", False, _matching(_LANGUAGE)),
    "urn:ietf:bcp:13": ("BCP13", False, _matching(_MEDIA_TYPE)),
    "urn:ietf:rfc:3986": ("URI", True, _matching(_URI)),
    "https://www.iana.org/time-zones": ("IANATimezones", True, lambda code: code in _time_zones()),
}

GRAMMARS = tuple(_GRAMMARS)
"""The urls of the code systems defined by a grammar."""


def grammar_system(url: str) -> CodeSystem | None:
    """The code system with this url, without a version; None if it is not defined by a grammar."""
    if url not in _GRAMMARS:
        return None
    name, case_sensitive, grammar = _GRAMMARS[url]
    return CodeSystem(url, (), name=name, case_sensitive=case_sensitive, grammar=grammar)
