"""Care programmes that extend the engine through its four plug points."""
