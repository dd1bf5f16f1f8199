with targets as (
    select * from {{ ref("targets") }}
),

feeds as (
    select * from {{ source("raw", "feeds") }}
)

select
    targets.target,
    targets.title,
    targets.description,
    targets.unit,
    targets.family,
    targets.feed,
    targets.levels,
    targets.located_by,
    targets.event,
    targets.zero_means,
    targets.over_represents,
    targets.under_represents,
    targets.series_start_world,
    targets.series_start_country,
    targets.settle_weeks,
    targets.week_offset_days,
    targets.dating,
    targets.max_growth,
    targets.licence,
    targets.publishes,
    targets.shown_not_forecast,
    feeds.publisher,
    feeds.homepage,
    feeds.licence_url,
    -- a window of fixed size has no volume that could be counted
    coalesce(targets.shown_not_forecast, '') <> 'fixed_size_window' as is_counted
from targets
left join feeds on targets.feed = feeds.feed
