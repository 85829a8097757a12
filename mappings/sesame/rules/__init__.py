"""Rules across resources, each with its source; they are checked before the commit."""
