"""What a run is told and what it stands on: settings, home, lock, the resolved plan, provenance.

`workers` says where fits are made, `databases` where histories lie. Knows no warehouse and no
numbers, and of Dagster only what `dagster_internals` names.
"""
