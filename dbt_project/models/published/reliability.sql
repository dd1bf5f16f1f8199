select
    target,
    question,
    bin,
    mean_forecast,
    observed_frequency,
    n,
    low90,
    high90
from {{ source("forecasts", "reliability") }}
