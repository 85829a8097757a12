"""The state of a referral, the answer to a suicide alert, and the acknowledgement of a claim.

https://hl7.org/fhir/R4/task.html
"""

from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import period, present, resource


@dataclass(frozen=True, slots=True)
class ReferralState:
    """The state of a referral; `business_status` is a code of sesame-referral-status, `reject_reason` one of
    sesame-reject-reason.
    """

    status: str
    business_status: str | None = None
    reject_reason: str | None = None


def referral_task(
    guide: Guide,
    *,
    identifier: Resource,
    state: ReferralState,
    referral: Resource,
    patient: Resource,
    requester: Resource,
    authored_on: str,
    last_modified: str,
    owner: Resource | None = None,
) -> Resource:
    """The Task of a referral."""
    business, reason = state.business_status, state.reject_reason
    return resource("Task", guide.profile("sesame-task-referral")) | present(
        identifier=[identifier],
        basedOn=[referral],
        status=state.status,
        statusReason=guide.concept("sesame-reject-reason", reason) if reason else None,
        businessStatus=guide.concept("sesame-referral-status", business) if business else None,
        intent="order",
        code=guide.concept("sesame-task-code", "referral"),
        focus=referral,
        **{"for": patient},
        authoredOn=authored_on,
        lastModified=last_modified,
        requester=requester,
        owner=owner,
    )


def claim_acknowledgement(
    guide: Guide, *, identifier: Resource, claim: Resource, state: str, authored_on: str
) -> Resource:
    """The Task by which the billing system acknowledges a claim; `state` is a code of sesame-claim-state."""
    return resource("Task", guide.profile("sesame-task-claim-ack")) | present(
        identifier=[identifier],
        status="completed",
        businessStatus=guide.concept("sesame-claim-state", state),
        intent="order",
        code=guide.concept("sesame-task-code", "acknowledge-claim"),
        focus=claim,
        authoredOn=authored_on,
    )


def suicide_alert(
    guide: Guide,
    *,
    identifier: Resource,
    flag: Resource,
    response: Resource,
    patient: Resource,
    authored_on: str,
    until: str,
    owner: Resource | None,
) -> Resource:
    """The Task to contact the patient by the day `until`. Without an owner it claims no profile, which
    requires one.
    """
    profile = guide.profile("sesame-task-suicide-alert") if owner else None
    return resource("Task", profile) | present(
        identifier=[identifier],
        status="requested",
        intent="order",
        priority="urgent",
        code=guide.concept("sesame-task-code", "suicide-alert"),
        focus=flag,
        **{"for": patient},
        authoredOn=authored_on,
        owner=owner,
        reasonReference=response,
        restriction={"period": period(None, until)},
    )
