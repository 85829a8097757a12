"""The pseudonymised export: who is in it, what of them, under which pseudonyms."""
