"""Whether warnings keep their budget, and whether they find outbreaks better than rivals do.

python -m benchmarks.warning                all of it
python -m benchmarks.warning.thresholds     learn the thresholds of `warning.budget` anew
"""
