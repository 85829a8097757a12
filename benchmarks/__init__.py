"""The benchmarks: rates as ratios to a baseline server (the floor), costs, and times as the store grows.

`python -m benchmarks --help` says how to run them; `rows/__init__.py` lists them.
"""
