"""Forecasts made of other models' forecasts: members, weights, the pool, its calibration.

Arrays of quantiles and scores in, quantiles out. Which forecasts they are given, and what they
may learn from, is decided in `backtesting`.
"""
