"""SÉSAME code systems, value sets and naming systems, as data."""
