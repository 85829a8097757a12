"""The terminology engine: expansions, validation, look-ups, translations, subsumption."""
