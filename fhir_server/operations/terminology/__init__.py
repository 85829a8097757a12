"""The operations of a terminology service."""
