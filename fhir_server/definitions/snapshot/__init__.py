"""Snapshots of StructureDefinitions: all elements of a type, with all that is said of them."""
