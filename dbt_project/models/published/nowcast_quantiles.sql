select
    target,
    location,
    reference_date,
    target_week,
    quantile,
    value
from {{ source("forecasts", "nowcast_quantiles") }}
