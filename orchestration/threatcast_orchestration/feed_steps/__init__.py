"""What happens to one feed in a night: pulled, landed, parsed, judged, gated; and back-filled.

Knows no Dagster. What a payload means is judged in `meaning`, suites run in `gates`.
"""
