"""The caseload: a cache of the facts that lists and measures need, updated from the store's changes."""
