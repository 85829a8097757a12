"""`make mongo`: the tests' database in the foreground, on data that stay."""

import signal
import sys
from pathlib import Path

from tests.mongo.server import ROOT, MongoServer, install

DEFAULT_PORT = 27017


def main() -> None:
    """Serve until Ctrl-C."""
    install()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT
    folder = Path(ROOT / "data" / "mongo")
    folder.mkdir(parents=True, exist_ok=True)
    server = MongoServer(folder, port)
    server.start()
    print(f"fhir-server serve --store 'mongodb://127.0.0.1:{port}/fhir?replicaSet=secantus'", flush=True)
    process = server.process
    assert process is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.terminate())
    process.wait()


if __name__ == "__main__":
    main()
