"""Where the product's processor time goes under one row's load."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.servers import ROOT

SHOWN = 30
FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<function>.+)')


class Frame(NamedTuple):
    """A place in the code; files are named without the folders that lead to the project or its packages."""

    file: str
    line: int
    function: str


# The running function first.
Stack = tuple[Frame, ...]


def stacks(text: str) -> list[Stack]:
    """The stacks in what `benchmarks.sampled` wrote; a part of one at either end is left out."""
    dumps = re.split(r"^.*most recent call first.*\n", text, flags=re.MULTILINE)[1:]
    return [stack for dump in dumps if (stack := tuple(map(_frame, FRAME.finditer(dump))))]


def _frame(found: re.Match[str]) -> Frame:
    file = found["file"].removeprefix(f"{ROOT}/")
    return Frame(
        re.sub(r"^.*/(site-packages|python3\.\d+)/", "", file), int(found["line"]), found["function"]
    )


@dataclass(slots=True)
class Profile:
    """Samples of the product at work, from the rounds in which they were taken."""

    samples: list[Stack] = field(default_factory=list)
    _file: Path = Path()

    def runner(self, folder: Path) -> Sequence[str]:
        """What Python must be given to run the product under the sampler."""
        self._file = folder / "samples"
        return ("-m", "benchmarks.sampled", str(self._file))

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Keep the samples of what the product does for as long as this lasts."""
        start = self._file.stat().st_size
        yield
        with self._file.open("rb") as file:
            file.seek(start)
            self.samples += stacks(file.read().decode(errors="replace"))

    def text(self, shown: int = SHOWN) -> str:
        """Shares of the processor time: by thread, by line, by function with all that it calls."""
        threads = [_thread(stack) for stack in self.samples]
        return "\n".join(
            (
                f"  by thread, of {len(self.samples)} samples",
                self._shares(Counter(threads), shown),
                "  at one line, with what it calls in C",
                self._shares(Counter(map(_line, self.samples)), shown),
                "  in a function, with all that it calls",
                self._shares(Counter(self._branches(threads)), shown),
            )
        )

    def _branches(self, threads: Sequence[str]) -> Iterator[str]:
        """The functions of each sample but for those that are in all samples of the thread, such as main."""
        functions = [{f"{frame.file} {frame.function}" for frame in stack} for stack in self.samples]
        stems: dict[str, set[str]] = {}
        for thread, names in zip(threads, functions, strict=True):
            stems[thread] = stems.get(thread, names) & names
        for thread, names in zip(threads, functions, strict=True):
            yield from names - stems[thread]

    def _shares(self, counts: Counter[str], shown: int) -> str:
        total = max(len(self.samples), 1)
        return "\n".join(f"    {count / total:6.1%}  {name}" for name, count in counts.most_common(shown))


def _thread(stack: Stack) -> str:
    """A thread by the function that it was started with."""
    frame = next((frame for frame in reversed(stack) if frame.file != "threading.py"), stack[-1])
    return f"{frame.file} {frame.function}"


def _line(stack: Stack) -> str:
    file, line, function = stack[0]
    return f"{file}:{line} {function}"
