with night as (
    {{ this_night() }}
),

events as (
    select
        events.target,
        events.location,
        events.week,
        count(*) as events
    from {{ ref("int_events") }} as events
    inner join night on events.week = night.reference_week + 7
    where events.known_to is null
    group by events.target, events.location, events.week
),

ways_up as (
    {{ ways_up() }}
),

summed as (
    {{ summed_up("events", "ways_up") }}
)

select
    target,
    location,
    week,
    cast(events as integer) as value
from summed
