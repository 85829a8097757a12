"""Checks of single resources that the engine runs for this programme."""
