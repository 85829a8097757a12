"""Validation of resources against the definitions. It returns issues and never raises for bad data."""
