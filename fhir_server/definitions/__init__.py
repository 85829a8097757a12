"""The R4 definitions as compact JSON files (facts), and the registry that answers questions about them."""
