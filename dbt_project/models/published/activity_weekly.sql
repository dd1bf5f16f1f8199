with counts as (
    select * from {{ ref("fct_weekly_counts") }}
),

nowcasts as (
    select * from {{ source("forecasts", "nowcast") }}
)

select
    counts.target,
    counts.location,
    counts.week,
    counts.value,
    counts.observation,
    nowcasts.nowcast,
    nowcasts.nowcast_low80,
    nowcasts.nowcast_high80,
    counts.as_of
from counts
left join nowcasts
    on
        counts.target = nowcasts.target
        and counts.location = nowcasts.location
        and counts.week = nowcasts.week
        and counts.observation = 'provisional'
