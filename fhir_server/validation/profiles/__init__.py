"""Profiles: what definitions say beyond the structure of types, compiled once to nodes."""
