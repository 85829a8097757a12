"""Locks for rules that count resources, so that no other request adds one at the same time.

The lock on a resource covers everything that refers to it: rules that count the same take the same lock.
"""

from fhir_server.extension import View


def lock_references_to(view: View, type: str, id: str) -> None:
    """Lock the references to a resource until this unit of work is committed."""
    view.lock(f"sesame/{type}/{id}")
