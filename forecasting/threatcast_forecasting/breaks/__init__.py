"""Where the level of a series or of a whole feed shifted for good. Pure arrays; no forecasts."""
