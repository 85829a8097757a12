"""A small synthetic cohort, the same at each call with the same seed, as transaction Bundles.

Patients stand at various points of the pathway on one fixed day. Every resource is tagged as made up, and
every creation is conditional, so that loading the cohort again changes nothing.
"""

from collections.abc import Iterator
from random import Random

from mappings.sesame.cohort.course import STAGES, Course, plan_course
from mappings.sesame.cohort.dossier import Kit
from mappings.sesame.cohort.followed import followed
from mappings.sesame.cohort.referred import referred
from mappings.sesame.cohort.team import make_team, team_bundle
from mappings.sesame.guide import Guide, Resource, read_guide
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.scales import read_scale
from mappings.sesame.transaction import create, transaction

__all__ = ["demo_cohort"]


def demo_cohort(seed: int = 2025, patients: int = 12, root: str | None = None) -> Iterator[Resource]:
    """First the Bundle of the teams, then one Bundle for each patient, to be sent in this order.

    `root` is the canonical root of the guide that the resources follow, by default the guide's own.
    """
    kit = _kit(read_guide(root))
    yield team_bundle(kit.guide, kit.team)
    for number in range(1, patients + 1):
        random = Random(f"{seed}-{number}")
        stage = STAGES[(number - 1) % len(STAGES)]
        yield _bundle(kit, plan_course(random, number, stage))


def _bundle(kit: Kit, course: Course) -> Resource:
    """Everything on record about one patient."""
    found, dossier = referred(kit, course)
    everything = [*found, *followed(dossier)]
    return transaction(create(synthetic(kit.guide, resource)) for resource in everything)


def _kit(guide: Guide) -> Kit:
    return Kit(
        guide=guide,
        team=make_team(guide),
        phq9=read_scale(guide, "phq-9"),
        gad7=read_scale(guide, "gad-7"),
    )
