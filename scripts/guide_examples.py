"""The valid examples of the guide's profiles: the JSON files of `tests/profiles/<profile>/valid`."""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
FOLDER = REPOSITORY / "tests" / "profiles"


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """A file with one example resource, and its profile."""

    profile: str
    path: Path

    @property
    def place(self) -> str:
        """The path of the file relative to the repository."""
        return self.path.relative_to(REPOSITORY).as_posix()


def example_files(kind: str = "valid") -> tuple[ExampleFile, ...]:
    """The files of all profiles of a `kind`, `valid` or `invalid`, sorted."""
    found = sorted(FOLDER.glob(f"*/{kind}/*.json"))
    return tuple(ExampleFile(path.parent.parent.name, path) for path in found)
