"""Whether forecasts can be trusted: one model against another, promotion, drift, evidence.

Reads scores; makes no forecast.
"""
