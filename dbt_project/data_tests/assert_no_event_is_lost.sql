-- The world's count of a watched week is the number of its events, wherever they are placed; an
-- event at an unknown location would be lost on the way up.
{{ config(meta={
    "description": "The world's count of a watched week is the number of its events, wherever they are placed.",
    "dagster": {"ref": {"name": "fct_weekly_counts"}},
}) }}
with events as (
    select
        target,
        week,
        count(*) as events
    from {{ ref("int_events") }}
    where known_to is null
    group by target, week
)

select
    counts.target,
    counts.week,
    counts.value,
    events.events
from {{ ref("fct_weekly_counts") }} as counts
left join events on counts.target = events.target and counts.week = events.week
where
    counts.location = 'WORLD'
    and counts.value is not null
    and counts.counted_by = 'own'
    and counts.value <> coalesce(events.events, 0)
