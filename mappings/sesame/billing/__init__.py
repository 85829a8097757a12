"""The claim of each sequence, and why a sequence is billed or not."""
