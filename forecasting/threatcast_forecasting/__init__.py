"""Forecasting of weekly counts: frames in, quantiles and scores out."""
