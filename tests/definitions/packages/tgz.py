"""Package files for tests."""

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = "https://example.org/fhir/"
R4 = "http://hl7.org/fhir/StructureDefinition/"

Content = bytes | dict[str, Any]


def manifest(name: str = "example.guide", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """A package.json."""
    return {"name": name, "version": version, "fhirVersions": ["4.0.1"], **more}


def value_set(id: str = "colours", version: str = "1.0.0", code: str = "red") -> dict[str, Any]:
    """A value set of one code."""
    include = [{"system": HERE + "CodeSystem/colours", "concept": [{"code": code}]}]
    return {
        "resourceType": "ValueSet",
        "id": id,
        "url": HERE + f"ValueSet/{id}",
        "version": version,
        "status": "active",
        "compose": {"include": include},
    }


def packed(
    path: Path, members: dict[str, Content] | None = None, extra: Iterable[tarfile.TarInfo] = (), **how: Any
) -> Path:
    """A package file with its manifest and some members, by their name in the folder `package`."""
    members = {"package.json": manifest(**how), **(members or {})}
    return archived(path, {f"package/{name}": content for name, content in members.items()}, extra)


def archived(path: Path, members: dict[str, Content], extra: Iterable[tarfile.TarInfo] = ()) -> Path:
    """A .tgz with members by their whole name, and members without content."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        for info in extra:
            archive.addfile(info)
    return path


def special(name: str, type: bytes, target: str = "") -> tarfile.TarInfo:
    """A member that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type, target
    return info
