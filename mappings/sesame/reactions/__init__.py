"""Reactions: what the server itself writes in the same commit as a change."""
