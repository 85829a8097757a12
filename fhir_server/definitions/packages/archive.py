"""Reads package files, without unpacking to disk and with limits on the decompressed size.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from fhir_server.core import json
from fhir_server.definitions.packages import messages
from fhir_server.definitions.packages.manifest import build_index
from fhir_server.definitions.packages.package import (
    CONFORMANCE_TYPES,
    Package,
    PackageResource,
    compress_resource,
)
from fhir_server.errors import FhirError, MalformedContent

MEMBERS_MAX = 50_000
MEMBER_BYTES_MAX = 64 << 20
TOTAL_BYTES_MAX = 1 << 30
RATIO_MAX = 200
RATIO_FROM_BYTES = 16 << 20
"""`RATIO_MAX` applies only to packages that decompress to more than this."""

_MANIFEST = "package.json"
_FOLDER = "package"
_UNREADABLE = (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, UnicodeDecodeError, ValueError)


def read_package(path: Path) -> Package:
    """Read the package in a file.

    Raises `MalformedContent` with the member at fault if it is not a package for R4, and OSError if the file
    cannot be read.
    """
    file = path.name
    with path.open("rb") as source:
        try:
            return _package(file, source, path.stat().st_size)
        except _UNREADABLE as error:
            reason = str(error) or type(error).__name__
            raise MalformedContent.of(messages.NO_PACKAGE(file=file, reason=reason)) from error


def _package(file: str, source: BinaryIO, size: int) -> Package:
    manifest: Any = None
    resources: list[PackageResource] = []
    bodies: dict[str, bytes] = {}
    for member, body in _members(file, source, size):
        content = _parsed(file, member, body)
        if member == _MANIFEST:
            manifest = content
        elif resource := _conformance_resource(file, member, content):
            resources.append(resource)
            bodies[member] = compress_resource(content)
    if manifest is None:
        raise MalformedContent.of(messages.NO_MANIFEST(file=file))
    return Package(file, build_index(file, manifest, tuple(sorted(resources))), bodies)


def _members(file: str, source: BinaryIO, size: int) -> Iterator[tuple[str, bytes]]:
    """The JSON files directly in the folder `package`, by name."""
    decompressed = _SizeLimitedStream(file, gzip.GzipFile(fileobj=source), size)
    seen: set[str] = set()
    with tarfile.open(fileobj=decompressed, mode="r|") as archive:  # type: ignore[call-overload]
        for number, member in enumerate(archive):
            if number == MEMBERS_MAX:
                text = messages.TOO_MANY_MEMBERS(file=file, limit=MEMBERS_MAX, member=member.name)
                raise MalformedContent.of(text, code="too-long")
            _check(file, member)
            name = _name_in_package(member)
            if name is None:
                continue
            if name in seen:
                raise MalformedContent.of(messages.TWICE(file=file, member=member.name))
            seen.add(name)
            content = archive.extractfile(member)
            if content is not None:
                yield name, content.read()


def _check(file: str, member: tarfile.TarInfo) -> None:
    """Refuse members that no valid package has: paths outside the package, links, devices, huge files."""
    parts = PurePosixPath(member.name.replace("\\", "/")).parts
    if ".." in parts or member.name[:1] in ("/", "\\") or ":" in (parts[0] if parts else ""):
        raise MalformedContent.of(messages.OUTSIDE(file=file, member=member.name), code="security")
    if not (member.isfile() or member.isdir()):
        raise MalformedContent.of(messages.NO_PLAIN_FILE(file=file, member=member.name), code="security")
    if member.size > MEMBER_BYTES_MAX:
        text = messages.MEMBER_TOO_LARGE(
            file=file, member=member.name, size=member.size, limit=MEMBER_BYTES_MAX
        )
        raise MalformedContent.of(text, code="too-long")


def _name_in_package(member: tarfile.TarInfo) -> str | None:
    """The name of a JSON file in the folder `package`; None for others, and for hidden files like
    `.index.json`.
    """
    parts = PurePosixPath(member.name).parts
    if not member.isfile() or len(parts) != 2 or parts[0] != _FOLDER:
        return None
    name = parts[1]
    return name if name.endswith(".json") and not name.startswith(".") else None


def _parsed(file: str, member: str, body: bytes) -> Any:
    try:
        return json.parse(body)
    except FhirError as error:
        reason = error.issues[0].text
        text = messages.BROKEN_JSON(file=file, member=f"{_FOLDER}/{member}", reason=reason)
        raise MalformedContent.of(text) from error


def _conformance_resource(file: str, member: str, content: Any) -> PackageResource | None:
    """The index entry of a conformance resource; None for any other resource."""
    if not isinstance(content, dict) or not isinstance(content.get("resourceType"), str):
        if isinstance(content, dict) and not content.keys() & {"resourceType", "id", "url"}:
            return None  # some packages contain files of their tools that are not resources
        raise MalformedContent.of(messages.NO_RESOURCE(file=file, member=f"{_FOLDER}/{member}"))
    type = content["resourceType"]
    if type not in CONFORMANCE_TYPES:
        return None
    url, version = content.get("url", ""), content.get("version", "")
    return PackageResource(
        type, url if isinstance(url, str) else "", version if isinstance(version, str) else "", member
    )


class _SizeLimitedStream:
    """A decompressing stream that raises an error when it exceeds the size limits."""

    def __init__(self, file: str, stream: BinaryIO | gzip.GzipFile, compressed_size: int) -> None:
        self._file = file
        self._stream = stream
        self._compressed_size = compressed_size
        self._read = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        if self._read > TOTAL_BYTES_MAX:
            text = messages.TOO_LARGE(file=self._file, limit=TOTAL_BYTES_MAX)
            raise MalformedContent.of(text, code="too-long")
        if self._read > max(RATIO_FROM_BYTES, RATIO_MAX * self._compressed_size):
            raise MalformedContent.of(messages.BOMB(file=self._file, ratio=RATIO_MAX), code="security")
        return data
