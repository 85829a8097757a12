"""The checks that the engine brings, in one table."""

from fhir_server.validation.checks.check import Check

CHECKS: tuple[Check, ...] = ()
