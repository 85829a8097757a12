"""Pure building blocks: JSON, time, numbers, references, outcomes, Bundles. No I/O."""
