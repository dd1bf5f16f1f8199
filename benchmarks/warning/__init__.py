"""The evidence that opens a warning.

python -m benchmarks.warning.thresholds     learn the thresholds of `warning.budget` anew
"""
