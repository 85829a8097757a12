"""Checks of single resources, which the engine runs for this programme."""
