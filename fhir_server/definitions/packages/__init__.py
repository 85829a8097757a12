"""FHIR packages (.tgz): read with limits, checked for dependencies, and layered below the guides."""
