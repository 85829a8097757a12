"""Referrals as sent by doctors' software, compared with plain transactions of the same size.

A referral Bundle claims its profile, and so do its resources; every creation is conditional; the programme's
rules number it, open its Task and mirror its status. https://hl7.org/fhir/R4/http.html#transaction
"""

from dataclasses import replace

from benchmarks import corpus, wire
from benchmarks.bench import Bench, Load, Row
from benchmarks.corpus import Resource
from benchmarks.figures import Figure, Target
from benchmarks.workloads import InTurn
from mappings.sesame.cohort.bundles import make_context
from mappings.sesame.cohort.course import Course
from mappings.sesame.cohort.dossier import CohortContext
from mappings.sesame.cohort.forecast import forecast_courses
from mappings.sesame.cohort.referral import referral_resources
from mappings.sesame.cohort.team import team_bundle
from mappings.sesame.guide import read_guide
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.transaction import create, transaction

PER_ROUND = 1_000
"""More than a round can send, so that none is sent twice."""
MEANINGFUL = {
    "ServiceRequest": ("category", "code"),
    "Task": ("code",),
    "QuestionnaireResponse": ("questionnaire",),
}
"""The elements by which the programme recognises its own resources."""


def referral(bench: Bench) -> Figure:
    """The same resources as a referral, and as a transaction that creates them without any condition."""
    context = make_context(read_guide(None))

    def referrals(round_number: int) -> InTurn:
        return _in_turn([_claiming(context, bundle) for bundle in _bundles(context, 2 * round_number)])

    def plainly(round_number: int) -> InTurn:
        return _in_turn([_plain(bundle) for bundle in _bundles(context, 2 * round_number + 1)])

    with bench.product() as server:
        server.ask(_posted(team_bundle(context.guide, context.team)))
        return bench.compare(
            Load("referral Bundles", "Bundles/s", server, referrals),
            Load("plain transactions", "Bundles/s", server, plainly),
        )


def _bundles(context: CohortContext, share: int) -> list[Resource]:
    """The referrals of one share of synthetic patients, all different."""
    course, first = next(forecast_courses()), 1 + share * PER_ROUND
    return [_bundle(context, replace(course, number=first + place)) for place in range(PER_ROUND)]


def _bundle(context: CohortContext, course: Course) -> Resource:
    found, _ = referral_resources(context, course)
    return transaction(create(synthetic(context.guide, resource)) for resource in found)


def _claiming(context: CohortContext, bundle: Resource) -> Resource:
    return bundle | {"meta": {"profile": [context.guide.profile("sesame-bundle-referral")]}}


def _plain(bundle: Resource) -> Resource:
    return bundle | {"entry": [_plain_entry(entry) for entry in bundle["entry"]]}


def _plain_entry(entry: Resource) -> Resource:
    resource = entry["resource"]
    dropped = MEANINGFUL.get(resource["resourceType"], ())
    kept = {name: value for name, value in resource.items() if name not in dropped}
    kept["meta"] = {name: value for name, value in resource["meta"].items() if name != "profile"}
    request = {"method": "POST", "url": resource["resourceType"]}
    return entry | {"resource": kept, "request": request}


def _in_turn(bundles: list[Resource]) -> InTurn:
    return InTurn([_posted(bundle) for bundle in bundles], 200)


def _posted(bundle: Resource) -> bytes:
    return wire.request("POST", "/fhir", corpus.serialised(bundle))


ROWS = (
    Row("referral", "referral Bundles, rules included, against plain transactions", Target(0.5), referral),
)
