"""The command: `python -m benchmarks [--quick] [--only NAME] [--profile NAME] [--json FILE]`.

The exit status is 1 when a target is missed or a measurement is unreliable: `client-bound` means that the
load client was the limit, `disturbed` that other programs used the servers' core meanwhile.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import bench, machine, report
from benchmarks.bench import Bench, Row
from benchmarks.client import LoadFailed
from benchmarks.profile import NoProfile, Profile
from benchmarks.report import Result
from benchmarks.rows import ROWS
from benchmarks.servers import ServerFailed

SLOWEST, NONE = "slowest", "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the selected rows; 0 when all targets are met."""
    options = _options(arguments)
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    cores = machine.cores()
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
        description = machine.description(Path(folder))
    print(description, flush=True)
    results = []
    for row in rows:
        results.append(_result(row, Bench(cores, bench.QUICK if options.quick else bench.FULL)))
        print(report.text(results[-1]), flush=True)
    if options.json:
        options.json.write_text(report.document(description, results) + "\n")
    _print_profile(options.profile, results, cores)
    missed = [result.row.name for result in results if not result.met]
    print(f"missed: {', '.join(missed)}" if missed else f"all {len(results)} targets met")
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short rounds: a look, not a proof")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--profile",
        default=SLOWEST,
        choices=[SLOWEST, NONE, *names],
        metavar="NAME",
        help="the row whose profile is shown: a name, slowest (as measured against its target) or none",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    return parser.parse_args(arguments)


def _result(row: Row, means: Bench) -> Result:
    try:
        return Result(row, row.measure(means))
    except (LoadFailed, NoProfile, ServerFailed) as failure:
        return Result(row, None, str(failure))


def _print_profile(wanted: str, results: Sequence[Result], cores: machine.Cores) -> None:
    """Measure a row once more with the profiler."""
    loaded = [result for result in results if result.figure and result.figure.sides]
    if wanted == SLOWEST:
        found = [result.row for result in sorted(loaded, key=lambda result: result.margin)[:1]]
    else:
        found = [row for row in ROWS if row.name == wanted]
    for row in found:
        profile = Profile()
        result = _result(row, Bench(cores, bench.PROFILING, profile))
        print(f"\nWhere the time goes in {row.name}: {row.title}")
        print(result.failure or profile.text())


if __name__ == "__main__":
    sys.exit(main())
