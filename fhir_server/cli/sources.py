"""Reads the files of a command line: JSON, and NDJSON with one resource per line.

https://hl7.org/fhir/R4/nd-json.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir_server.cli.errors import MisuseError

NDJSON_SUFFIXES = frozenset({".ndjson", ".jsonl"})
JSON_SUFFIXES = NDJSON_SUFFIXES | {".json"}


@dataclass(frozen=True, slots=True)
class Source:
    """One JSON text: its file, its line in an NDJSON file, and its bytes."""

    file: Path
    line: int | None
    body: bytes

    @property
    def origin(self) -> str:
        """Its location: `file` or `file:line`."""
        return str(self.file) if self.line is None else f"{self.file}:{self.line}"


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The JSON files in `paths`, with folders searched recursively.

    Raises `MisuseError` for a missing path, and where there is no file at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                file for file in path.rglob("*") if file.suffix in JSON_SUFFIXES and file.is_file()
            )
        elif path.is_file():
            found.append(path)
        else:
            raise MisuseError(f"{path}: no such file or folder.")
    if not found:
        raise MisuseError("there is no .json, .ndjson or .jsonl file there.")
    return found


def existing_files(paths: Iterable[Path]) -> list[Path]:
    """The paths, all of which must be files. Raises `MisuseError` for any other."""
    found = list(paths)
    for path in found:
        if not path.is_file():
            raise MisuseError(f"{path}: no such file.")
    return found


def sources(file: Path) -> Iterator[Source]:
    """The JSON texts of a file; empty lines of NDJSON are skipped."""
    if file.suffix not in NDJSON_SUFFIXES:
        yield Source(file, None, file.read_bytes())
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield Source(file, number, line)
