"""The tag of an incomplete resource, of which a server returned a part only.

https://hl7.org/fhir/R4/search.html#summary
"""

from collections.abc import Mapping
from typing import Any

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


def subsetted_tag(resource: Mapping[str, Any]) -> str | None:
    """The location of the tag, such as `Patient.meta.tag[0]`; None for a resource without it. The resource
    has to be structurally sound.
    """
    for index, tag in enumerate(resource.get("meta", {}).get("tag", ())):
        if (tag.get("system"), tag.get("code")) == (SUBSETTED["system"], SUBSETTED["code"]):
            return f"{resource['resourceType']}.meta.tag[{index}]"
    return None
