"""How the gates err: honest payloads set aside, faults let through, true surges held back.

python -m benchmarks.gates --mirror DIR                  both measures
python -m benchmarks.gates --mirror DIR --only faults    one of faults, surges
"""
