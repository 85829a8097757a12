"""The cohort, sent to a server, covers every point of the pathway."""

from mappings.sesame.cohort import demo_cohort
from mappings.sesame.cohort.course import STAGES
from tests.interactions.client import Client
from tests.mappings.pathway.plans import sent
from tests.mappings.pathway.referrals import REASONS, code


def test_every_patient_reaches_the_planned_stage(client: Client) -> None:
    for bundle in demo_cohort():
        sent(client.post("", bundle))
    tasks = [entry["resource"] for entry in client.get("Task?code=referral&_count=100").entries]
    tasks.sort(key=lambda task: str(task["identifier"][0]["value"]))
    assert [task["status"] for task in tasks] == [stage.status for stage in STAGES]
    assert [code(task.get("businessStatus")) for task in tasks] == [s.business_status for s in STAGES]
    reasons = [code(task.get("statusReason"), REASONS) for task in tasks]
    assert reasons == [stage.reject_reason for stage in STAGES]
