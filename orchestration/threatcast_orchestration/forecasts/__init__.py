"""The forecasting step: inputs read from the marts, results kept by key, tables written.

The numbers are made in `threatcast_forecasting.night`.
"""
