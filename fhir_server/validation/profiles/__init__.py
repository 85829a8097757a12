"""Validation beyond structure: the rules of base types, profiles and extensions, compiled to nodes."""
