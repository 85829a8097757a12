"""One module per search parameter type: parse a value, index values, match in memory."""
