select
    target,
    location,
    week,
    value,
    observation,
    cast(null as double) as nowcast,
    cast(null as double) as nowcast_low80,
    cast(null as double) as nowcast_high80,
    as_of
from {{ ref("fct_weekly_counts") }}
