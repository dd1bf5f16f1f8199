with counts as (
    select * from {{ ref("fct_weekly_counts") }}
),

nowcasts as (
    -- a column to join by: DuckDB compares every pair of rows if the join has a condition on the
    -- counts alone
    select
        *,
        'provisional' as observation
    from {{ source("forecasts", "nowcast") }}
)

select
    counts.target,
    counts.location,
    counts.week,
    counts.value,
    counts.observation,
    counts.counted_by,
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
        and counts.observation = nowcasts.observation
