"""FHIR packages (.tgz): read with care, resolved against what is at hand, and layered under the guides."""
