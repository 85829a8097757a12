"""Referrals of the story's patient, as a doctor's software would send them, and what became of them."""

from copy import deepcopy
from typing import Any

from mappings.sesame.cohort.team import make_team, team_bundle
from mappings.sesame.transaction import condition
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.plans import lacking, sent
from tests.mappings.pathway.story_snapshots import restored_story
from tests.mappings.story import steps
from tests.mappings.validity import GUIDE

STATES = GUIDE.canonical("CodeSystem", "sesame-referral-status")
REASONS = GUIDE.canonical("CodeSystem", "sesame-reject-reason")
CATEGORIES = GUIDE.canonical("CodeSystem", "sesame-communication-category")
Resource = dict[str, Any]


def code(concept: Resource | None, system: str = STATES) -> str | None:
    """The code of a concept in one of the guide's systems."""
    codings = (concept or {}).get("coding", [])
    return next((coding["code"] for coding in codings if coding["system"] == system), None)


def bundle(*without: str, **changes: Resource) -> Resource:
    """The referral of the story; `changes` are members of its resources by their types."""
    made = deepcopy(steps()["01-referral"])
    made["entry"] = [entry for entry in made["entry"] if entry["resource"]["resourceType"] not in without]
    for entry in made["entry"]:
        changed = changes.get(entry["resource"]["resourceType"], {})
        entry["resource"] = {
            name: value for name, value in (entry["resource"] | changed).items() if value is not None
        }
        entry["request"]["ifNoneExist"] = condition(entry["resource"])
    return made


def refer(client: Client, *without: str, **changes: Resource) -> Answer:
    """Send the referral, after the team."""
    with restored_story(client, "team") as told:
        if not told:
            sent(client.post("", team_bundle(GUIDE, make_team(GUIDE))))
    return client.post("", bundle(*without, **changes))


def only(client: Client, type: str, query: str = "") -> Resource:
    """The one resource of a type that matches."""
    (entry,) = client.get(f"{type}?{query}").entries
    found: Resource = entry["resource"]
    return found


def move(client: Client, status: str, business: str | None = None, **changes: Any) -> Answer:
    """Update the Task of the only referral."""
    task = only(client, "Task", "code=referral")
    kept = lacking(task, "businessStatus")
    moved = kept | {"status": status} | changes
    if business:
        moved["businessStatus"] = GUIDE.concept("sesame-referral-status", business)
    return client.put(f"Task/{task['id']}", moved)


def walk(client: Client, *way: str) -> None:
    """Go through statuses, each of which may carry a business status after a colon."""
    for step in way:
        status, _, business = step.partition(":")
        sent(move(client, status, business or None))
