"""Invariants: FHIRPath rules compiled once to closures over parsed JSON."""
