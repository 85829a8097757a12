"""The FHIRPath compiler: expressions parsed once and compiled to closures over parsed JSON."""
