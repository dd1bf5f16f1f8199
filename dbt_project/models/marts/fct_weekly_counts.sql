with night as (
    {{ this_night() }}
),

targets as (
    select * from {{ ref("dim_targets") }}
    where is_counted
),

places as (
    select * from {{ ref("dim_locations") }}
),

watched as (
    select
        feed,
        week
    from {{ ref("int_feed_weeks") }}
),

events as (
    select
        target,
        location,
        week,
        count(*) as events
    from {{ ref("int_events") }}
    where known_to is null
    group by target, location, week
),

unplaced as (
    select
        target,
        week
    from {{ ref("int_unplaced_weeks") }}
),

last_watched as (
    select
        watched.feed,
        max(watched.week) as week
    from watched
    cross join night
    where watched.week <= night.reference_week
    group by watched.feed
),

series as (
    select
        targets.target,
        targets.feed,
        targets.settle_weeks,
        places.location,
        places.location_level,
        {{ week_of("""
            case
                when places.location = 'WORLD' then targets.series_start_world
                else targets.series_start_country
            end
        """) }} as first_week
    from targets
    inner join places on targets.levels = 'hierarchy' or places.location = 'WORLD'
),

calendar as (
    select
        series.*,
        night.as_of,
        cast(
            unnest(generate_series(series.first_week, night.reference_week, interval 7 day)) as date
        ) as week
    from series
    cross join night
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
        sum(events.events) as events
    from events
    inner join ways_up on events.location = ways_up.location
    group by events.target, ways_up.ancestor, events.week
),

counted as (
    select
        calendar.target,
        calendar.location,
        calendar.location_level,
        calendar.week,
        calendar.as_of,
        cast(
            case
                when watched.week is not null and unplaced.week is null
                    then coalesce(summed.events, 0)
            end as integer
        ) as value,
        case
            when watched.week is null or unplaced.week is not null then 'missing'
            -- a feed's newest weeks still grow when it comes back, however long it stands still
            when calendar.week > last_watched.week - 7 * calendar.settle_weeks then 'provisional'
            else 'observed'
        end as observation
    from calendar
    left join watched on calendar.feed = watched.feed and calendar.week = watched.week
    left join last_watched on calendar.feed = last_watched.feed
    -- where records have no place, no place has a zero
    left join unplaced
        on
            calendar.target = unplaced.target
            and calendar.week = unplaced.week
            and calendar.location_level <> 'world'
    left join summed
        on
            calendar.target = summed.target
            and calendar.location = summed.location
            and calendar.week = summed.week
)

select
    target,
    location,
    location_level,
    week,
    value,
    observation,
    as_of
from counted
