"""How verdicts are told: to people, and to the tools of a CI."""
