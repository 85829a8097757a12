"""The check digits of French identifiers: the key of a NIR, and the Luhn digit of RPPS, FINESS and SIREN.

NIR: the key is 97 minus the first thirteen digits modulo 97, with 2A read as 19 and 2B as 18.
"""

CORSICA = {"2A": "19", "2B": "18"}


def nir_key(body: str) -> str:
    """The two-digit key of the thirteen characters of a NIR."""
    department = body[5:7].upper()
    digits = body[:5] + CORSICA.get(department, department) + body[7:]
    if len(body) != 13 or not digits.isdecimal():
        raise ValueError(f"a NIR has 13 digits before its key, or 2A or 2B as its department: {body!r}")
    return f"{97 - int(digits) % 97:02}"


def luhn_digit(body: str) -> str:
    """The digit to write after `body` so that the whole passes the Luhn check."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(sum(divmod(value, 10)) for value in doubled) % 10)


def passes_luhn(number: str) -> bool:
    """Whether the last digit of `number` is its Luhn digit."""
    return number.isdecimal() and luhn_digit(number[:-1]) == number[-1]
