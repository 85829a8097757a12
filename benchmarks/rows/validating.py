"""Validation inside the process, in processor time: the structure alone, and all that profiles ask.

https://hl7.org/fhir/R4/validation.html
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import corpus
from benchmarks.bench import Bench, Row
from benchmarks.corpus import Resource
from benchmarks.figures import Figure, Target
from fhir_server import standalone
from fhir_server.core import json
from fhir_server.settings import Settings
from fhir_server.validation.validator import Validator
from mappings.sesame import PROGRAMME

EXAMPLES = Path(__file__).parents[2] / "tests" / "profiles"
CAREPLAN = "sesame-careplan-classique"
TIMES = 200
MICROSECOND = 1e-6
STRUCTURE, FULL = Validator.structure, Validator.validate

Check = Callable[[Validator, Resource], object]


def validation(check: Check, subject: Callable[[], Resource], bench: Bench) -> Figure:
    """One resource again and again; the first check, which compiles, is not counted."""
    validator, resource = standalone.validator(Settings()), subject()
    check(validator, resource)
    return Figure.of([_microseconds(check, validator, resource) for _ in range(bench.effort.rounds)])


def _microseconds(check: Check, validator: Validator, resource: Resource) -> float:
    """The processor time of one check."""
    begun = time.process_time()
    for _ in range(TIMES):
        check(validator, resource)
    return (time.process_time() - begun) / TIMES / MICROSECOND


def example(profile: str) -> Resource:
    """The first valid example of one of the guide's profiles."""
    first: Resource = json.parse(min((EXAMPLES / profile / "valid").iterdir()).read_bytes())
    return first


def of_guide(id: str) -> Resource:
    """A conformance resource of the programme's guide."""
    return next(resource for resource in PROGRAMME.guide(None) if resource["id"] == id)


def _row(key: str, about: str, limit: float, check: Check, subject: Callable[[], Resource]) -> Row:
    target = Target(limit, at_least=False, unit="us")
    return Row(key, about, target, partial(validation, check, subject))


ROWS = (
    _row("structure-patient", "structure of a Patient", 40.0, STRUCTURE, partial(corpus.patient, 1)),
    _row("structure-claim", "structure of a SÉSAME Claim", 80.0, STRUCTURE, partial(example, "sesame-claim")),
    _row("structure-phq9", "structure of our PHQ-9", 400.0, STRUCTURE, partial(of_guide, "phq-9")),
    _row("profile-claim", "a SÉSAME Claim, rules and profile", 400.0, FULL, partial(example, "sesame-claim")),
    _row("profile-careplan", "a CarePlan, rules and profile", 400.0, FULL, partial(example, CAREPLAN)),
)
