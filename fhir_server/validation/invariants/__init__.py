"""The invariants of definitions, compiled: by FHIRPath, or as Python functions for the commonest."""
