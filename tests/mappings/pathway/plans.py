"""Sequences of the patient of the story, as a nurse's software would send them."""

from datetime import date
from typing import Any

from mappings.sesame.cohort.team import make_team, team_bundle
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.story_snapshots import restored_story
from tests.mappings.story import resources, steps
from tests.mappings.validity import GUIDE

NUMBERS = GUIDE.naming_system("care-plan")
UNTIL_ASSESSED = ("01-referral", "02-received", "03-accepted", "04-initial-assessment")
ASSESSED = "2025-01-13"
"""The day on which the story's patient is assessed."""
(FIRST, *_) = resources("CarePlan")


def tell(client: Client, *names: str) -> None:
    """Send steps of the story, all when none is named; the team comes first."""
    with restored_story(client, *names) as told:
        if not told:
            sent(client.post("", team_bundle(GUIDE, make_team(GUIDE))))
            for name, bundle in steps().items():
                if not names or name in names:
                    sent(client.post("", bundle))


def sent(answer: Answer) -> Answer:
    assert answer.status in (200, 201), answer.content
    return answer


def plan(
    rank: int, start: str, end: str, *, track: str = "classique", status: str = "active", **changes: Any
) -> dict[str, Any]:
    """A sequence of the story's patient; its number is that of the patient and the rank."""
    others = [
        extension for extension in FIRST["extension"] if extension["url"].endswith("workflow-episodeOfCare")
    ]
    title = GUIDE.coding("sesame-track", track)
    made = FIRST | {
        "meta": {"profile": [GUIDE.profile(f"sesame-careplan-{track}")]},
        "extension": [
            {"url": GUIDE.profile("sequence-rank"), "valuePositiveInt": rank},
            {"url": GUIDE.profile("track"), "valueCoding": title},
            *others,
        ],
        "identifier": [{"system": NUMBERS, "value": f"2025-0001-{track[0]}{rank}"}],
        "instantiatesCanonical": [GUIDE.canonical("PlanDefinition", f"sesame-{track}")],
        "status": status,
        "period": {"start": start, "end": end},
    }
    made = lacking(made, "goal") | changes
    if rank > 1 and "replaces" not in changes:
        number = f"{NUMBERS}|2025-0001-{track[0]}{rank - 1}"
        made["replaces"] = [{"reference": f"CarePlan?identifier={number}"}]
    return {name: value for name, value in made.items() if value is not None}


def begin(client: Client, *args: Any, **kwargs: Any) -> Answer:
    """Send a new sequence."""
    return client.post("CarePlan", plan(*args, **kwargs))


def stored(client: Client, number: str) -> dict[str, Any]:
    """The sequence that bears a number."""
    (entry,) = client.get(f"CarePlan?identifier={NUMBERS}|{number}").entries
    found: dict[str, Any] = entry["resource"]
    return found


def change(client: Client, number: str, **changes: Any) -> Answer:
    """Update a sequence."""
    found = stored(client, number) | changes
    return client.put(f"CarePlan/{found['id']}", found)


def update(client: Client, resource: dict[str, Any]) -> Answer:
    """Send a resource anew under its id."""
    return sent(client.put(f"{resource['resourceType']}/{resource['id']}", resource))


def claims(client: Client) -> list[dict[str, Any]]:
    """All claims, in the order of their numbers."""
    found = [entry["resource"] for entry in client.get("Claim").entries]
    return sorted(found, key=lambda claim: str(claim["identifier"][0]["value"]))


def number_of(claim: dict[str, Any]) -> str:
    number: str = claim["identifier"][0]["value"]
    return number


def lacking(resource: dict[str, Any], *names: str) -> dict[str, Any]:
    """The resource without some of its members."""
    return {name: value for name, value in resource.items() if name not in names}


def iso(text: str) -> date:
    return date.fromisoformat(text)
