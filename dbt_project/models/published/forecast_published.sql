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
from {{ ref("forecast") }}
where is_published
