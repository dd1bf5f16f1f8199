"""One night from inputs to tables: the one way in which a release's forecasts are made.

    tables = night_tables(inputs)      # threatcast_forecasting.night.tables

`inputs` are frames and small objects (`inputs.py`), the answer is a frame for each table. What is
computed for a night and published is computed here or in the rooms below. Not here: where inputs
come from, where tables go, and what is kept of them.
"""
