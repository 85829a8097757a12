"""The command: `python -m benchmarks.proof [--scale 1] [--seed 2023] [--clients 8]`.

Starts a server with a new store. The exit status is 1 when any amount or count differs.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, servers
from benchmarks.proof import comparison
from benchmarks.proof.run import WINDOW, Proof, prove
from mappings.sesame.cohort.forecast import SEED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proof; 0 when it holds."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="fhir-proof-") as folder:
        window = Path(folder, "options.json")
        window.write_text(json.dumps(WINDOW))
        settings = {"PROGRAMME_OPTIONS": str(window)}
        with servers.product(machine.cores().server, Path(folder), settings) as server:
            base = f"http://127.0.0.1:{server.port}/fhir"
            proof = prove(base, Path(folder), scale=options.scale, seed=options.seed, clients=options.clients)
    print(text(proof))
    return 0 if proof.holds else 1


def text(proof: Proof) -> str:
    """The table, the statistics of the run, and the verdict."""
    rate = proof.entries / proof.load_seconds
    return "\n".join(
        (
            comparison.table(proof.cells),
            "",
            f"{proof.entries:,} entries, each sent twice, in {proof.load_seconds:.0f} s ({rate:.0f}/s).",
            f"The feed's consumer was killed {proof.kills} times; it got {proof.repeated:,} events again.",
            "The forecast holds, to the euro." if proof.holds else "The forecast does NOT hold.",
        )
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proof", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the cohort, from 0.01 to 1")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed makes another cohort")
    parser.add_argument("--clients", type=int, default=8, help="clients that load at once")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
