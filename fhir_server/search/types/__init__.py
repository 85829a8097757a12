"""One module per search parameter type, which parses values, indexes elements and matches in memory."""
