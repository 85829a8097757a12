"""Snapshots of StructureDefinitions: generated from the R4 types and from differentials."""
