"""Assets by stage: the dbt warehouse, the forecasts, the release (feeds: `components/`)."""
