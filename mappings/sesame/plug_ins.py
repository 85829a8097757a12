"""The rules, reactions, operations and records that SÉSAME plugs into the engine.

To add one, add its line here.
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.extension import PlugIns
from mappings.sesame.billing.billing import Billing
from mappings.sesame.caseload.caseload import Caseload
from mappings.sesame.export.pseudonyms import read_keys
from mappings.sesame.guide import read_guide
from mappings.sesame.operations.billing_feed import billing_feed
from mappings.sesame.operations.case_review_list import case_review_list
from mappings.sesame.operations.evaluate_measure import evaluate_measure, sesame_dashboard
from mappings.sesame.operations.evaluation_export import evaluation_export
from mappings.sesame.operations.explain_billing import explain_billing
from mappings.sesame.operations.file_active import file_active
from mappings.sesame.operations.referral_status import referral_status
from mappings.sesame.operations.renew import renew
from mappings.sesame.operations.score import score
from mappings.sesame.operations.sequence_status import sequence_status
from mappings.sesame.policy import Policy
from mappings.sesame.reactions.alerts import RaiseAlerts
from mappings.sesame.reactions.claims import IssueClaims
from mappings.sesame.reactions.referrals import SettleReferrals
from mappings.sesame.reactions.reports import ReportToDoctor
from mappings.sesame.reactions.scores import ScorePassations
from mappings.sesame.records.table import tables
from mappings.sesame.rules.acknowledgements import AcknowledgementRules
from mappings.sesame.rules.birth_date_corrections import BirthDateCorrections
from mappings.sesame.rules.claims import ClaimRules
from mappings.sesame.rules.deletions import DeletionRules
from mappings.sesame.rules.episodes import OneOpenEpisode
from mappings.sesame.rules.merges import MergedPatients
from mappings.sesame.rules.prerequisites import SequencePrerequisites
from mappings.sesame.rules.referrals import ReferralRules, ReferralTaskRules
from mappings.sesame.rules.scales import ScaleRules
from mappings.sesame.rules.sequences import SequenceRules
from mappings.sesame.tariff import read_tariff


def plug_ins(root: str | None, options: Mapping[str, Any]) -> PlugIns:
    """The plug-ins for the guide under `root`. Raises `ValueError` for an unknown or invalid option."""
    guide, policy = read_guide(root), Policy.of(options)
    billing = Billing(guide, policy, read_tariff())
    caseload = Caseload(guide)
    return PlugIns(
        rules=(
            SequenceRules(guide, policy),
            SequencePrerequisites(guide),
            OneOpenEpisode(guide, policy),
            ClaimRules(billing),
            DeletionRules(guide),
            AcknowledgementRules(guide),
            ReferralRules(guide, policy),
            ReferralTaskRules(guide, policy),
            BirthDateCorrections(guide, policy),
            MergedPatients(guide),
            ScaleRules(guide),
        ),
        reactions=(
            SettleReferrals(guide, policy),
            ReportToDoctor(guide),
            ScorePassations(guide, policy),
            RaiseAlerts(guide, policy),
            IssueClaims(billing),
        ),
        operations=(
            renew(billing),
            referral_status(guide),
            score(guide),
            sequence_status(billing),
            billing_feed(guide),
            explain_billing(billing),
            file_active(guide, policy, caseload),
            case_review_list(guide, policy, caseload),
            evaluate_measure(guide, caseload),
            sesame_dashboard(guide, caseload),
            evaluation_export(guide, caseload, read_keys(policy)),
        ),
        records=tables(guide),
        preparations=(caseload.prepare,),
    )
