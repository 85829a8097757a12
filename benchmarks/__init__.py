"""The measures: each figure is a ratio to a floor that was measured in the same run.

`python -m benchmarks --help` says how to run them; `rows/__init__.py` lists them.
"""
