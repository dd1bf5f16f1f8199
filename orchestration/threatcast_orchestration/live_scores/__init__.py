"""Forecasts that were published: kept for ever, scored once settled, replaced if adrift."""
