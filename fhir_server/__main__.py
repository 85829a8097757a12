"""The command `fhir-server`, also as `python -m fhir_server`."""

from fhir_server.cli.main import main

if __name__ == "__main__":
    main()
