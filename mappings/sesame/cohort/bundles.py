"""The transaction Bundles that record a patient's course on a server, in the order of sending."""

from collections.abc import Iterator

from mappings.sesame.cohort.care import care_resources
from mappings.sesame.cohort.course import Course
from mappings.sesame.cohort.dossier import CohortContext
from mappings.sesame.cohort.referral import referral_resources
from mappings.sesame.cohort.referral_states import referral_states
from mappings.sesame.cohort.team import make_team
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.scales import read_scale
from mappings.sesame.transaction import create, replace, transaction


def make_context(guide: Guide) -> CohortContext:
    """The context that the dossiers of a cohort share."""
    return CohortContext(
        guide=guide,
        team=make_team(guide),
        phq9=read_scale(guide, "phq-9"),
        gad7=read_scale(guide, "gad-7"),
    )


def patient_bundles(context: CohortContext, course: Course) -> Iterator[Resource]:
    """One Bundle with everything recorded for a patient, then one for each later state of the referral.

    A state names the version of the Task that it follows: sent again, it gets a 412 and changes nothing.
    """
    found, dossier = referral_resources(context, course)
    everything = [*found, *care_resources(dossier)]
    yield transaction(create(synthetic(context.guide, resource)) for resource in everything)
    for version, task in enumerate(referral_states(dossier, found), start=1):
        yield transaction([replace(synthetic(context.guide, task), version)])
