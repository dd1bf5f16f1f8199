"""The parts that some models play, named once: what is published, what it must beat."""

from __future__ import annotations

BASELINE = "flat"
"""The simplest forecast: what another model falls back to, and the floor of all comparisons."""
RIVAL = "comb_two"
"""The simple average to beat. It stands in where the published model has drifted."""
DEFAULT_PUBLISHED = "champion"
"""What is published for a target until another model is promoted."""
REFERENCES = (BASELINE, RIVAL)
"""Computed in every back-test, whatever was asked for, so that scores can be compared."""
REST = RIVAL
"""What forecasts a rest of the hierarchy: it is never shown, only shared out and thinned."""
