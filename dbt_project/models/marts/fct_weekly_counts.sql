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

own_watch as (
    select
        watched.feed,
        min(watched.week) as first_week,
        max(watched.week) as last_week
    from watched
    cross join night
    where watched.week <= night.reference_week
    group by watched.feed
),

-- what another release counted of a week: the world's row stands for every place without one
imported as (
    select * from {{ ref("int_imported_counts") }}
),

imported_weeks as (
    select
        target,
        week,
        observation,
        counted_by
    from imported
    where location = 'WORLD' and observation <> 'missing'
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
    {{ ways_up() }}
),

summed as (
    {{ summed_up("events", "ways_up") }}
),

counted as (
    select
        calendar.target,
        calendar.location,
        calendar.location_level,
        calendar.week,
        calendar.as_of,
        imported.value as imported_value,
        imported_weeks.counted_by,
        watched.week is not null and unplaced.week is null as is_watched,
        -- another's counts are the past before our own watch, and never stand over it
        imported_weeks.week is not null as is_imported,
        coalesce(summed.events, 0) as own_value,
        coalesce(imported.observation, imported_weeks.observation) as imported_observation,
        -- a feed's newest weeks still grow when it comes back, however long it stands still
        calendar.week > own_watch.last_week - 7 * calendar.settle_weeks as is_growing
    from calendar
    left join watched on calendar.feed = watched.feed and calendar.week = watched.week
    left join own_watch on calendar.feed = own_watch.feed
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
    left join imported_weeks
        on
            calendar.target = imported_weeks.target
            and calendar.week = imported_weeks.week
            and calendar.week < coalesce(own_watch.first_week, calendar.week + 7)
    left join imported
        on
            imported_weeks.target = imported.target
            and imported_weeks.week = imported.week
            and calendar.location = imported.location
),

decided as (
    select
        *,
        case
            when is_imported then imported_observation
            when not is_watched then 'missing'
            when is_growing then 'provisional'
            else 'observed'
        end as observation
    from counted
),

valued as (
    select
        *,
        case
            when observation = 'missing' then null
            when is_imported then coalesce(imported_value, 0)
            else own_value
        end as counted_value
    from decided
)

select
    target,
    location,
    location_level,
    week,
    observation,
    as_of,
    cast(counted_value as integer) as value,
    if(is_imported, counted_by, 'own') as counted_by
from valued
