"""Every example of docs/search.md, on every backend, and what the page says of modifiers and limits."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from fhir_server import standalone
from fhir_server.core.json import parse
from fhir_server.search import filters, limits, token_sets
from fhir_server.search.ast import Prefix
from fhir_server.search.modifiers import modifiers
from fhir_server.search.types.kinds import KINDS
from fhir_server.settings import Settings
from fhir_server.store.sqlite import search as sqlite_search
from tests.interactions.client import Answer, Client

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "search.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^GET /fhir(?P<url>.*?) {2,}# (?P<shown>.*)$")
PREFIXED = ("date", "number", "quantity")


def examples() -> list[tuple[str, str]]:
    """The URL of each example, and what the page shows of the answer."""
    found = []
    for block in re.findall(r"^```http\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            example = EXAMPLE.match(line)
            assert example, f"not an example: {line}"
            found.append((example["url"], example["shown"]))
    return found


@pytest.fixture
def filled(client: Client) -> Client:
    """A server with the resources of the page."""
    answer = client.post("", json.loads((DOCS / "search-data.json").read_text(encoding="utf-8")))
    assert answer.status == 200, answer.content
    return client


def test_its_resources_are_sound() -> None:
    bundle = parse((DOCS / "search-data.json").read_bytes())
    issues = standalone.validator(Settings()).validate(bundle)
    assert [str(issue) for issue in issues if issue.severity == "error"] == []


def test_every_example_answers_what_the_page_shows(filled: Client) -> None:
    wrong = []
    for url, shown in examples():
        answer = filled.get(url)
        if told(answer, shown) != shown:
            wrong.append((url, shown, told(answer, shown)))
    assert wrong == []


def told(answer: Answer, shown: str) -> str:
    """An answer in the words of the page."""
    if answer.status != 200:
        part = shown.partition(": ")[2]
        return shown if part and part in answer.diagnostics else f"{answer.status}: {answer.diagnostics}"
    ids = {mode: [e["resource"]["id"] for e in answer.entries if e["search"]["mode"] == mode]
           for mode in ("match", "include")}  # fmt: skip
    matches = (
        ids["match"]
        if len(ids["match"]) > 1 and "_sort" in str(answer.link("self"))
        else sorted(ids["match"])
    )
    text = " ".join(matches) or "nothing"
    if ids["include"]:
        text += " with " + " ".join(sorted(ids["include"]))
    if shown.endswith("no total") and "total" not in answer.content:
        return f"{text}, no total"
    return f"{text}, total {answer.content.get('total')}" if ", total " in shown else text


def rows(heading: str) -> dict[str, list[str]]:
    """A table of the page by its first column."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in cells}


def test_the_table_of_types_is_what_the_server_does() -> None:
    table = rows("| Type | Value |")
    assert set(table) == {*KINDS, "composite"}
    for kind, (_, of_name, of_value, operators) in table.items():
        assert re.findall(r"`(.*?)`", of_name) == modifiers(kind)  # type: ignore[arg-type]
        if kind != "composite":
            prefixes = [*get_args(Prefix)] if kind in PREFIXED else []
            assert sorted(re.findall(r"`(.*?)`", of_value)) == sorted(prefixes)
        assert re.findall(r"`(.*?)`", operators) == [*filters.VALID[kind]]  # type: ignore[index]


def test_the_limits_are_those_of_the_server() -> None:
    told_limits = [int(limit) for (limit,) in rows("| A search takes at most |").values()]
    assert told_limits == [
        limits.PARAMETERS_MAX,
        limits.VALUES_MAX,
        limits.TERMS_MAX,
        limits.SORT_KEYS_MAX,
        limits.VALUE_LENGTH_MAX,
        limits.STEPS_MAX,
        limits.CHAIN_TARGETS_MAX,
        limits.CONDITIONS_MAX,
        limits.NESTING_MAX,
        token_sets.CODES_MAX,
    ]
    assert sqlite_search.ESTIMATE_MIN == 2_000
