"""The supported units, each in terms of others, and the prefixes.

The values are those of the tables of UCUM 2.1, with two additional kinds of base units: the mole, which UCUM
defines by a number of particles that has since changed, and every arbitrary unit, which UCUM forbids to
convert. Units on a logarithmic scale are left out. https://ucum.org/ucum#section-Tables-of-Terminal-Symbols
"""

from collections.abc import Mapping
from fractions import Fraction

PREFIXES: Mapping[str, int] = {
    "da": 1, "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2,
    "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
"""Powers of ten."""

_METRIC: Mapping[str, tuple[str, str]] = {
    "m": ("1", ""), "s": ("1", ""), "g": ("1", ""), "rad": ("1", ""), "K": ("1", ""), "C": ("1", ""),
    "cd": ("1", ""), "mol": ("1", ""),
    "sr": ("1", "rad2"), "Hz": ("1", "s-1"), "N": ("1", "kg.m/s2"), "Pa": ("1", "N/m2"), "J": ("1", "N.m"),
    "W": ("1", "J/s"), "A": ("1", "C/s"), "V": ("1", "J/C"), "F": ("1", "C/V"), "Ohm": ("1", "V/A"),
    "S": ("1", "Ohm-1"), "Wb": ("1", "V.s"), "T": ("1", "Wb/m2"), "H": ("1", "Wb/A"), "lm": ("1", "cd.sr"),
    "lx": ("1", "lm/m2"), "Bq": ("1", "s-1"), "Gy": ("1", "J/kg"), "Sv": ("1", "J/kg"),
    "l": ("1", "dm3"), "L": ("1", "dm3"), "ar": ("100", "m2"), "t": ("1000", "kg"), "bar": ("100000", "Pa"),
    "u": ("1.66053906660e-24", "g"), "eV": ("1.602176634e-19", "J"), "cal": ("4.184", "J"),
    "m[Hg]": ("133.3220", "kPa"), "m[H2O]": ("9.80665", "kPa"), "kat": ("1", "mol/s"),
    "U": ("1", "umol/min"), "eq": ("1", "mol"), "osm": ("1", "mol"),
    "[iU]": ("1", ""), "[IU]": ("1", "[iU]"), "g%": ("1", "g/dl"), "dyn": ("1", "g.cm/s2"),
    "erg": ("1", "dyn.cm"), "Ci": ("37000000000", "Bq"), "R": ("0.000258", "C/kg"), "REM": ("0.01", "Sv"),
    "RAD": ("0.01", "Gy"), "P": ("1", "dyn.s/cm2"), "St": ("1", "cm2/s"),
}  # fmt: skip

_OTHER: Mapping[str, tuple[str, str]] = {
    "10*": ("10", "1"), "10^": ("10", "1"), "%": ("0.01", "1"), "[ppth]": ("0.001", "1"),
    "[ppm]": ("0.000001", "1"), "[ppb]": ("0.000000001", "1"), "[pptr]": ("0.000000000001", "1"),
    "min": ("60", "s"), "h": ("60", "min"), "d": ("24", "h"), "wk": ("7", "d"), "a_j": ("365.25", "d"),
    "a": ("1", "a_j"), "a_t": ("365.24219", "d"), "a_g": ("365.2425", "d"), "mo_j": ("1/12", "a_j"),
    "mo": ("1", "mo_j"), "mo_g": ("1/12", "a_g"), "mo_s": ("29.53059", "d"),
    "[in_i]": ("2.54", "cm"), "[ft_i]": ("12", "[in_i]"), "[yd_i]": ("3", "[ft_i]"),
    "[mi_i]": ("5280", "[ft_i]"), "[nmi_i]": ("1852", "m"), "[lb_av]": ("453.59237", "g"),
    "[oz_av]": ("1/16", "[lb_av]"), "[gr]": ("64.79891", "mg"), "[stone_av]": ("14", "[lb_av]"),
    "[gal_us]": ("231", "[in_i]3"), "[qt_us]": ("1/4", "[gal_us]"), "[pt_us]": ("1/2", "[qt_us]"),
    "[foz_us]": ("1/16", "[pt_us]"), "[tbs_us]": ("1/2", "[foz_us]"), "[tsp_us]": ("1/3", "[tbs_us]"),
    "[cup_us]": ("16", "[tbs_us]"), "[drp]": ("1/20", "ml"), "[Cal]": ("1", "kcal"),
    "[lbf_av]": ("4.4482216152605", "N"), "[psi]": ("1", "[lbf_av]/[in_i]2"), "atm": ("101325", "Pa"),
    "[in_i'Hg]": ("2.54", "cm[Hg]"), "[in_i'H2O]": ("2.54", "cm[H2O]"), "[Ch]": ("1/3", "mm"),
    "[diop]": ("1", "/m"), "[car_m]": ("0.2", "g"), "[den]": ("1/9000", "g/m"),
    "[pi]": ("3.1415926535897932384626433832795028841971693993751058209749445923", "1"),
    "circ": ("2", "[pi].rad"), "deg": ("1/360", "circ"), "'": ("1/60", "deg"), "''": ("1/60", "'"),
    "[arb'U]": ("1", ""), "[USP'U]": ("1", ""), "[GPL'U]": ("1", ""), "[MPL'U]": ("1", ""),
    "[APL'U]": ("1", ""), "[anti'Xa'U]": ("1", ""), "[todd'U]": ("1", ""), "[dye'U]": ("1", ""),
    "[CFU]": ("1", ""), "[PFU]": ("1", ""), "[FFU]": ("1", ""), "[Lf]": ("1", ""), "[Amb'a'1'U]": ("1", ""),
    "[D'ag'U]": ("1", ""), "[beth'U]": ("1", ""), "[knk'U]": ("1", ""), "[mclg'U]": ("1", ""),
    "[tb'U]": ("1", ""), "[hnsf'U]": ("1", ""), "[smgy'U]": ("1", ""), "[kn'U]": ("1", ""),
    "[BAU]": ("1", ""), "[AU]": ("1", ""), "[ELU]": ("1", ""), "[EU]": ("1", ""),
}  # fmt: skip

UNITS: Mapping[str, tuple[str, str]] = {**_METRIC, **_OTHER}
"""Each unit as a number and another unit that make it, such as ("60", "s") for min; a base unit names no
other.
"""

METRIC: frozenset[str] = frozenset(_METRIC)
"""Those that take a prefix."""

SPECIAL: Mapping[str, tuple[str, Fraction, Fraction]] = {
    "Cel": ("K", Fraction(1), Fraction("273.15")),
    "[degF]": ("K", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
"""Units with a zero of their own: the base unit, the factor, and what is added after it."""
