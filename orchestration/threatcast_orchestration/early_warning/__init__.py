"""Warnings of a night: what they are made from in the home, and the table they are put into.

What stands is found by `threatcast_forecasting.night.standing_warnings`; here frames are read and
rows are written. Knows no Dagster.
"""
