"""SÉSAME: what the engine loads for this care programme."""
