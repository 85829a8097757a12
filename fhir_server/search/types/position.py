"""The near parameter: places within a distance of a point, on a sphere of the earth's mean radius.

https://hl7.org/fhir/R4/location.html#search
"""

from collections.abc import Mapping
from decimal import Decimal
from math import asin, cos, degrees, inf, isfinite, radians, sin, sqrt
from typing import Any, NamedTuple

from fhir_server.core import json, ucum
from fhir_server.core.decimal import parse_decimal
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import NearValue
from fhir_server.search.entries import Entries, PositionEntry
from fhir_server.search.escapes import bar_parts
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target

EARTH_RADIUS_METRES = 6_371_008.8
NEAR_METRES = 10_000.0
"""The default distance, which R4 leaves to the server."""

_KILOMETRE = "km"
_METRE = "m"
_SLACK = 1e-9
"""Degrees by which a box exceeds its circle, about a tenth of a millimetre, against rounding errors."""


class Box(NamedTuple):
    """The bounding box of a circle, in degrees. Its longitudes are one interval, or two at the date line."""

    south: float
    north: float
    longitudes: tuple[tuple[float, float], ...]


def parse(text: str, context: ParseContext) -> NearValue:
    """`latitude|longitude|distance|units`; without units in kilometres, without a distance `NEAR_METRES`."""
    parts = bar_parts(text)
    try:
        latitude, longitude = (float(parse_decimal(part)) for part in parts[:2])
        metres = _metres(*parts[2:])
        within = abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= metres < inf
    except (TypeError, ValueError):
        within = False
    if not within:
        raise InvalidSearch.of(messages.BAD_NEAR(value=text, parameter=context.parameter))
    return NearValue(latitude, longitude, metres)


def _metres(distance: str = "", unit: str = "") -> float:
    if not distance:
        return NEAR_METRES
    length = ucum.canonical(unit or _KILOMETRE)
    metres = length.value(parse_decimal(distance)) if length and length.unit == _METRE else None
    if metres is None:
        raise ValueError(distance)
    return float(metres)


def metres_between(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The distance on the great circle, by the haversine formula."""
    north, other_north = radians(latitude), radians(other_latitude)
    half_north = sin((other_north - north) / 2)
    half_east = sin(radians(other_longitude - longitude) / 2)
    haversine = half_north * half_north + cos(north) * cos(other_north) * half_east * half_east
    return 2 * EARTH_RADIUS_METRES * asin(min(1.0, sqrt(haversine)))


def box(value: NearValue) -> Box:
    """The bounding box of a circle, for an index search. Near a pole it has all longitudes."""
    angle = value.metres / EARTH_RADIUS_METRES
    height = degrees(angle) + _SLACK
    south, north = value.latitude - height, value.latitude + height
    if south <= -90 or north >= 90:
        return Box(max(south, -90.0), min(north, 90.0), ((-180.0, 180.0),))
    width = degrees(asin(min(1.0, sin(angle) / cos(radians(value.latitude))))) + _SLACK
    west, east = value.longitude - width, value.longitude + width
    if west < -180:
        return Box(south, north, ((-180.0, east), (west + 360, 180.0)))
    if east > 180:
        return Box(south, north, ((west, 180.0), (-180.0, east - 360)))
    return Box(south, north, ((west, east),))


def matches(entry: PositionEntry, value: NearValue, _modifier: str | None) -> bool:
    """Whether the place is no farther away than the value says."""
    return metres_between(entry.latitude, entry.longitude, value.latitude, value.longitude) <= value.metres


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """The element `Location.position`. Impossible coordinates are not indexed."""
    if target.path != "Location.position":
        return None
    parameter = target.parameter

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        latitude, longitude = _degrees(value.get("latitude")), _degrees(value.get("longitude"))
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            entries.positions.append(PositionEntry(parameter, latitude, longitude))

    return index


def _degrees(number: Any) -> float:
    if number is None:
        return inf
    value: Decimal = json.decimal(number)
    return float(value) if isfinite(value) else inf
