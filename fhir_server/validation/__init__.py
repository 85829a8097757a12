"""Validation of resources against the definitions; yields issues, never raises for bad data."""
