"""R4 invariants that say something else than their own words, as the reference validator mends them.

R4 (4.0.1) was published with these; its successors correct them.
https://hl7.org/fhir/R4/fhirpath.html#changes
"""

from collections.abc import Mapping

_NAME = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"

CORRECTIONS: Mapping[str, str] = {
    # a resource without a name is not misnamed, and the whole name counts
    _NAME: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    # the text says: if there are more than one
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() >= 2 implies enableBehavior.exists()"
    ),
    # an entry without a fullUrl has no version in it
    "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    # an offset may stand with several moments, of which none is a meal itself
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": (
        "offset.empty() or (when.exists() and when.where($this in ('C' | 'CM' | 'CD' | 'CV')).empty())"
    ),
    "probability is decimal implies (probability as decimal) <= 100": (
        "(probability.exists() and (probability is decimal)) implies ((probability as decimal) <= 100)"
    ),
}
"""By the expression as it was published."""
