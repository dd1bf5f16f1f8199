"""The warehouse: its file, the schema `raw`, past releases as a table, the stamps of its stages.

dbt writes most of its tables; the forecasts' own are in `forecasts`, live scores in `live_scores`.
"""
