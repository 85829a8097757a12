"""The compiled facts of R4's types, one file for each type."""
