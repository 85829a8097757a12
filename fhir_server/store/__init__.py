"""The store port and its backends."""
