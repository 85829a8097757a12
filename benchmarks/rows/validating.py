"""Validation: the processor time of structure and profiles; over HTTP; as a command.

https://hl7.org/fhir/R4/validation.html
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import corpus, machine, servers, wire
from benchmarks.bench import Bench, Row
from benchmarks.corpus import Resource
from benchmarks.figures import Figure, Target
from benchmarks.servers import Server
from benchmarks.workloads import InTurn
from fhir_server import standalone
from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from fhir_server.settings import Settings
from fhir_server.validation.validator import Validator
from mappings.sesame import PROGRAMME

EXAMPLES = Path(__file__).parents[2] / "tests" / "profiles"
CAREPLAN = "sesame-careplan-classique"
TIMES = 200
MICROSECOND = 1e-6
MEBIBYTE = 1 << 20
STRUCTURE, FULL = Validator.structure, Validator.validate

Check = Callable[[Validator, Resource], object]


def validation(check: Check, subject: Callable[[], Resource], bench: Bench) -> Figure:
    """Repeated checks of one resource; the first check, which compiles, is not counted."""
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


def _middling() -> Resource:
    """The valid example of median size among all profiles of the guide."""
    files = sorted(EXAMPLES.glob("*/valid/*.json"), key=lambda file: (file.stat().st_size, file))
    resource: Resource = json.parse(files[len(files) // 2].read_bytes())
    return resource


def of_guide(id: str) -> Resource:
    """A conformance resource of the programme's guide."""
    return next(resource for resource in PROGRAMME.guide(None) if resource["id"] == id)


def over_http(bench: Bench) -> Figure:
    """`$validate` of an example of median size, compared with the floor's rate for the same POST."""
    resource = _middling()
    request = _asked(f"/fhir/{resource['resourceType']}/$validate", resource)
    with bench.product() as server:
        answer = server.ask(request)

        def again(_: int) -> InTurn:
            return InTurn([request], 200)

        return bench.against_floor(server, answer, again, again)


def memory_with_all_compiled(bench: Bench) -> Figure:
    """The resident memory after every type of R4 and every profile of the guide was used."""
    with bench.product() as server:
        for name in Registry.r4().resource_types:
            _validated(server, {"resourceType": name})
        for file in sorted(EXAMPLES.glob("*/valid/*.json")):
            _validated(server, json.parse(file.read_bytes()))
        for resource in PROGRAMME.guide(None):
            _validated(server, resource)
        return Figure.of([server.resident_bytes() / MEBIBYTE])


def command(bench: Bench) -> Figure:
    """`fhir-server validate` of one file, from the start of the process to its end."""
    file = min((EXAMPLES / "sesame-claim" / "valid").iterdir())
    with machine.pinned(bench.cores.server):
        return Figure.of([_seconds(file) for _ in range(bench.effort.starts + 1)][1:])


def _seconds(file: Path) -> float:
    begun = time.perf_counter()
    asked = [sys.executable, "-m", "fhir_server", "validate", "--quiet", str(file)]
    subprocess.run(asked, cwd=servers.ROOT, check=True, capture_output=True)
    return time.perf_counter() - begun


def _asked(path: str, resource: Resource) -> bytes:
    return wire.request("POST", path, json.serialise(resource))


def _validated(server: Server, resource: Resource) -> None:
    server.ask(_asked(f"/fhir/{resource['resourceType']}/$validate", resource))


def _row(key: str, about: str, limit: float, check: Check, subject: Callable[[], Resource]) -> Row:
    target = Target(limit, at_least=False, unit="us")
    return Row(key, about, target, partial(validation, check, subject))


ROWS = (
    _row("structure-patient", "structure of a Patient", 40.0, STRUCTURE, partial(corpus.patient, 1)),
    _row("structure-claim", "structure of a SÉSAME Claim", 80.0, STRUCTURE, partial(example, "sesame-claim")),
    _row("structure-phq9", "structure of our PHQ-9", 400.0, STRUCTURE, partial(of_guide, "phq-9")),
    _row("profile-claim", "a SÉSAME Claim, rules and profile", 400.0, FULL, partial(example, "sesame-claim")),
    _row("profile-careplan", "a CarePlan, rules and profile", 400.0, FULL, partial(example, CAREPLAN)),
    Row("validate", "$validate of the example of median size", Target(0.15), over_http),
    Row(
        "validate-command",
        "fhir-server validate of one file, whole process",
        Target(0.5, at_least=False, unit="s"),
        command,
    ),
    Row(
        "validate-memory",
        "resident memory, R4 and the guide all compiled",
        Target(200.0, at_least=False, unit="MiB"),
        memory_with_all_compiled,
    ),
)
