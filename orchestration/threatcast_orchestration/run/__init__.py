"""What a run is told and what it stands on: settings, home, lock, the resolved plan, provenance.

Knows no Dagster, no warehouse and no numbers.
"""
