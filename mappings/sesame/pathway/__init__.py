"""Reads the resources of the pathway as plain values, and defines its terms."""
