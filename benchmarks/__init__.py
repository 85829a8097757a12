"""The measures: rates as ratios to a floor of the same run, costs as they are, and times as the store grows.

`python -m benchmarks --help` says how to run them; `rows/__init__.py` lists them.
"""
