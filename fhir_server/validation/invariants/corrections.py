"""Corrected expressions of R4 invariants that contradict their own description, as in the reference
validator.

R4 (4.0.1) was published with these errors; later versions correct them.
https://hl7.org/fhir/R4/fhirpath.html#changes
"""

from collections.abc import Mapping

_NAME = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
_ELEMENT = r"""[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}"""
_PATH = _ELEMENT + rf"(\\.{_ELEMENT}(\\[x\\])?(\\:[^\\s\\.]+)?)*"
_SIMPLE_PATH = r"[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*"

CORRECTIONS: Mapping[str, str] = {
    # valid without a name; the pattern must match the whole name
    _NAME: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    # the pattern must match the whole path
    f"path.matches('{_PATH}')": f"path.matches('^{_PATH}$')",
    f"path.matches('{_SIMPLE_PATH}')": f"path.matches('^{_SIMPLE_PATH}$')",
    # the description says: if there is more than one
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() >= 2 implies enableBehavior.exists()"
    ),
    # valid without a fullUrl
    "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    # an offset may be given with several values of `when`, if none of them is a meal itself
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": (
        "offset.empty() or (when.exists() and when.where($this in ('C' | 'CM' | 'CD' | 'CV')).empty())"
    ),
    "probability is decimal implies (probability as decimal) <= 100": (
        "(probability.exists() and (probability is decimal)) implies ((probability as decimal) <= 100)"
    ),
}
"""By the published expression."""
