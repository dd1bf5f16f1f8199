with night as (
    {{ this_night() }}
),

places as (
    select * from {{ ref("dim_locations") }}
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
    select
        location,
        unnest(sums_into) as ancestor
    from places
),

summed as (
    select
        events.target,
        ways_up.ancestor as location,
        events.week,
        cast(sum(events.events) as integer) as value
    from events
    inner join ways_up on events.location = ways_up.location
    group by events.target, ways_up.ancestor, events.week
)

select * from summed
