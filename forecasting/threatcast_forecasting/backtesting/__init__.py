"""Forecasts from past origins and the newest one: which, how they are run, and what comes back.

Here: origins, the batches and processes that models run in, what `champion` learns from (its inner
back-test), the store of finished forecasts, tables of scores, means. Not here: what a model does
(`models`), how forecasts are combined (`combinations`), who is better (`judging`).
"""
