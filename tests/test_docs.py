"""The pages of the documentation lead to one another, and the decisions are numbered and listed."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
START = ROOT / "README.md"
DECISIONS = ROOT / "docs" / "decisions"
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """The links of a page that stay in the project: as written, the page that is meant, the part of it."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in link:
            path, _, part = link.partition("#")
            yield link, (page.parent / path).resolve() if path else page, part


def parts(page: Path) -> set[str]:
    """The names by which a link leads to the headings of a page."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages()
        for link, target, part in links(page)
        if not target.exists() or (part and part not in parts(target))
    ]
    assert broken == []


def test_every_page_is_reached_from_the_first() -> None:
    reached, waiting = set[Path](), [START]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target for _, target, _ in links(page)]
    assert [str(page.relative_to(ROOT)) for page in pages() if page not in reached] == []


def test_decisions_are_numbered_dated_and_listed() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    records = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for number, record in enumerate(records, start=1):
        title, _, state, *_ = record.read_text(encoding="utf-8").splitlines()
        dated = re.match(r"(\d{4}-\d\d-\d\d), accepted\.", state)
        assert dated, record.name
        row = f"| {number} | [{title.removeprefix(f'# {number}. ')}]({record.name}) | {dated[1]} |"
        assert row in index, row
