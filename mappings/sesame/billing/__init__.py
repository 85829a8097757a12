"""Claims: builds the claim of each sequence, or the reasons why it is not billed."""
