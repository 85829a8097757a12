"""The SÉSAME guide's code systems, value sets and naming systems, as JSON."""
