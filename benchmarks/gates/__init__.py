"""How the gates err: honest payloads set aside, faults let through, true surges held back.

python -m benchmarks.gates --mirror DIR                  all three measures
python -m benchmarks.gates --mirror DIR --only replay    one of replay, faults, surges
"""
