"""The format and the check digits of French numbers.

No primary source states that RPPS and FINESS numbers pass the Luhn check; it is common knowledge, and not all
numbers in published examples pass it.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from fhir_server.issues import Text
from mappings.sesame.check_digits import nir_key, passes_luhn
from mappings.sesame.checks import messages
from mappings.sesame.identifiers import FINESS, RPPS, SIRENE

LA_POSTE = "356000000"
"""The SIREN of La Poste, whose establishments have SIRET numbers with a rule of their own."""

_nir = re.compile(r"(?P<body>[1-478]\d{4}(?:\d{2}|2[AB])\d{6})(?P<key>\d{2})?", re.ASCII).fullmatch
_finess = re.compile(r"\d{9}|2[AB]\d{7}", re.ASCII).fullmatch


def nir_problems(value: str) -> Iterator[Text]:
    """The problems of a NIR: 13 characters, or 15 with its key."""
    found = _nir(value)
    if found is None:
        yield messages.NIR_FORM(value=_shown(value))
    elif found["key"] and found["key"] != nir_key(found["body"]):
        yield messages.NIR_KEY(found=found["key"], wanted=nir_key(found["body"]))


def _rpps(value: str, _: str | None) -> Iterator[Text]:
    return _luhn("RPPS", value, 11)


def _finess_number(value: str, _: str | None) -> Iterator[Text]:
    if _finess(value) is None:
        yield messages.NUMBER_FORM(value=_shown(value), name="FINESS", length=9)
    elif value.isdecimal() and not passes_luhn(value):
        yield messages.NUMBER_DIGIT(name="FINESS", value=value)


def _sirene(value: str, type: str | None) -> Iterator[Text]:
    if type == "SIRET" or (type is None and len(value) == 14):
        if not value.startswith(LA_POSTE):
            yield from _luhn("SIRET", value, 14)
    else:
        yield from _luhn("SIREN", value, 9)


NUMBERS: Mapping[str, Callable[[str, str | None], Iterator[Text]]] = {
    RPPS: _rpps,
    FINESS: _finess_number,
    SIRENE: _sirene,
}
"""The check of each system: takes the value and the type of the identifier."""


def _luhn(name: str, value: str, length: int) -> Iterator[Text]:
    if len(value) != length or not (value.isascii() and value.isdecimal()):
        yield messages.NUMBER_FORM(value=_shown(value), name=name, length=length)
    elif not passes_luhn(value):
        yield messages.NUMBER_DIGIT(name=name, value=value)


def _shown(value: str) -> str:
    """The value in quotes, truncated to 20 characters."""
    return f"'{value[:20]}…'" if len(value) > 20 else f"'{value}'"
