"""$explain-search: what a search was understood to ask, what serves it, and why a resource is not among its
matches."""
