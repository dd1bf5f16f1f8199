"""Kills nights at seeded moments, one after the other in one home, and looks at what comes after.

`python -m benchmarks.kills --kills 60 --seed N`. After each kill (SIGKILL to the process group of
`threatcast run`) the next run must end with the bytes of a run that nobody killed.
"""
