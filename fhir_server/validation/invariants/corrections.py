"""R4 invariants that say something else than their own words, as the reference validator mends them.

R4 (4.0.1) was published with these; its successors correct them.
https://hl7.org/fhir/R4/fhirpath.html#changes
"""

from collections.abc import Mapping

_NAME = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
_ELEMENT = r"""[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}"""
_PATH = _ELEMENT + rf"(\\.{_ELEMENT}(\\[x\\])?(\\:[^\\s\\.]+)?)*"
_SIMPLE_PATH = r"[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*"

CORRECTIONS: Mapping[str, str] = {
    # a resource without a name is not misnamed, and the whole name counts
    _NAME: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    # a whole path is named by these patterns, not a part of it
    f"path.matches('{_PATH}')": f"path.matches('^{_PATH}$')",
    f"path.matches('{_SIMPLE_PATH}')": f"path.matches('^{_SIMPLE_PATH}$')",
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
