select
    target,
    location,
    model,
    reference_date,
    horizon,
    target_week,
    quantile,
    value,
    state
from {{ source("forecasts", "forecast") }}
