"""Warnings of a night and the audit of ourselves: what they are made from, and their tables.

What stands is found by `threatcast_forecasting.night.standing_warnings`; here frames are read and
rows are written. Knows no Dagster.
"""
