"""The time limit of the FHIRPath library, which evaluates what cannot be compiled."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.time_limit import TimeLimitExceeded, time_limit
from fhir_server.validation.fhirpath.compiled import Scope

LIBRARY_SECONDS_MAX = 2.0
"""Processor time of one evaluation of one expression by the library."""


@contextmanager
def counted_library_time(expression: str, scope: Scope) -> Iterator[None]:
    """Count the processor time of the library as steps, so that the expressions on a resource come to an end.

    Raises `FhirPathError` if it takes longer than `LIBRARY_SECONDS_MAX`, and at once where no steps are left.
    """
    scope.count_steps(1)
    began = thread_time()
    try:
        with time_limit(LIBRARY_SECONDS_MAX):
            yield
    except TimeLimitExceeded as error:
        raise FhirPathError(f"{expression}: {error}") from error
    finally:
        scope.count_time(thread_time() - began)
