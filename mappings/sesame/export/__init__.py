"""The pseudonymised export: eligible patients, exported data, pseudonyms."""
