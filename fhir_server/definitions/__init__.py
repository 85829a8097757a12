"""The R4 definitions as compact facts, and the registry that answers questions about them."""
