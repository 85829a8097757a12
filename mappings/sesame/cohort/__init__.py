"""A small synthetic cohort as transaction Bundles, reproducible from its seed.

The patients are at various points of the pathway on one fixed day. Every resource is tagged as synthetic, and
every creation is conditional, so that loading the cohort again changes nothing.
"""

from collections.abc import Iterator
from random import Random

from mappings.sesame.cohort.bundles import make_context, patient_bundles
from mappings.sesame.cohort.course import STAGES, plan_course
from mappings.sesame.cohort.forecast import forecast_cohort
from mappings.sesame.cohort.team import team_bundle
from mappings.sesame.guide import Resource, read_guide

__all__ = ["demo_cohort", "forecast_cohort"]


def demo_cohort(seed: int = 2025, patients: int = 12, root: str | None = None) -> Iterator[Resource]:
    """The Bundle of the teams, then for each patient one Bundle with everything recorded and one for each
    later state of the referral. They must be sent in this order.

    `root` is the canonical root of the guide that the resources follow, by default the guide's own.
    """
    context = make_context(read_guide(root))
    yield team_bundle(context.guide, context.team)
    for number in range(1, patients + 1):
        random = Random(f"{seed}-{number}")
        stage = STAGES[(number - 1) % len(STAGES)]
        yield from patient_bundles(context, plan_course(random, number, stage))
