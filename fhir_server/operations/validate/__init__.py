"""$validate: what is wrong with a resource, and what would happen to it."""
