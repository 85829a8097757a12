"""SÉSAME, collaborative mental health care in general practice, as a care programme of the engine."""

from fhir_server.extension import Programme
from mappings.sesame.checks.identity import IdentityCheck
from mappings.sesame.cohort import demo_cohort
from mappings.sesame.guide import guide_version, load_guide
from mappings.sesame.plug_ins import plug_ins

PROGRAMME = Programme(
    name="sesame",
    version=guide_version(),
    guide=load_guide,
    demo=lambda root: demo_cohort(root=root),
    plug_ins=plug_ins,
    checks=(IdentityCheck(),),
)
