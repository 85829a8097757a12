"""Search: the query tree, its parser, the index entries and one file per parameter type."""
