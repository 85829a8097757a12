"""What else is written in the commit that brings it about."""
