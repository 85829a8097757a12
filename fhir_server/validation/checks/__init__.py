"""Checks of whole resources that neither definitions nor FHIRPath can state."""
