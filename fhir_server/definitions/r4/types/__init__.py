"""One file of facts for every R4 type."""
