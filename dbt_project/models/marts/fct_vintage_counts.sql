with night as (
    {{ this_night() }}
),

series as (
    select * from {{ ref("dim_series") }}
    where is_eligible
),

targets as (
    select * from {{ ref("dim_targets") }}
),

counts as (
    select * from {{ ref("fct_weekly_counts") }}
),

ways_up as (
    {{ ways_up() }}
),

steps as (
    select cast(unnest(range(1, {{ var("vintage_origins") }} + 1)) as integer) as step
),

origins as (
    select
        night.reference_week - 7 * {{ var("step") }} * steps.step as origin,
        {{ week_end("night.reference_week - 7 * " ~ var("step") ~ " * steps.step") }} as origin_day
    from night
    cross join steps
),

moments as (
    select
        targets.target,
        targets.feed,
        targets.dating,
        origins.origin,
        origins.origin_day
    from targets
    cross join origins
),

{{ kinds_of_knowledge("moments", "origin_day") }},

-- of weeks that another release counted, and until our own watch, only final counts are known
own_watch as (
    select
        target,
        min(week) filter (where counted_by = 'own') as first_week
    from counts
    where location = 'WORLD' and value is not null
    group by target
    having count(*) filter (where counted_by <> 'own') > 0
),

told as (
    select
        kinds.* replace (
            case
                when own_watch.target is null then kinds.as_of_kind
                when kinds.origin >= own_watch.first_week then kinds.as_of_kind
                else 'final'
            end as as_of_kind
        )
    from kinds
    left join own_watch on kinds.target = own_watch.target
),

-- the first vintage that shows a week: of a list with days, the first that is not older than its
-- end; of a list without days, the first that falls into it
shown as (
    select
        watched.feed,
        watched.week,
        min(looks.whole_day) as shown_from
    from {{ ref("int_feed_weeks") }} as watched
    inner join targets on watched.feed = targets.feed
    inner join {{ ref("int_feed_looks") }} as looks
        on
            watched.feed = looks.feed
            and case
                when targets.dating = 'record'
                    then looks.covers_until >= {{ week_end("watched.week") }}
                else
                    {{ week_of("looks.whole_day + targets.week_offset_days") }} = watched.week
            end
    group by watched.feed, watched.week
),

events as (
    select
        target,
        location,
        week,
        known_from,
        known_to,
        count(*) as events
    from {{ ref("int_events") }}
    group by target, location, week, known_from, known_to
),

known as (
    select
        told.target,
        ways_up.ancestor as location,
        told.origin,
        events.week,
        sum(events.events) as events
    from told
    inner join events
        on
            told.target = events.target
            and told.origin >= events.week
            and told.origin_day >= events.known_from
            and (events.known_to is null or told.origin_day < events.known_to)
    inner join ways_up on events.location = ways_up.location
    where told.as_of_kind <> 'final'
    group by told.target, ways_up.ancestor, told.origin, events.week
)

select
    series.target,
    series.location,
    told.origin,
    told.as_of_kind,
    counts.week,
    cast(
        case
            when counts.value is null then null
            when told.as_of_kind = 'final' or counts.counted_by <> 'own' then counts.value
            when told.as_of_kind = 'vintage' and shown.shown_from > told.origin_day then null
            else coalesce(known.events, 0)
        end as integer
    ) as value
from series
inner join told
    on series.target = told.target and series.first_week + 7 * 52 <= told.origin
inner join counts
    on
        series.target = counts.target
        and series.location = counts.location
        and series.first_week <= counts.week
        and told.origin >= counts.week
left join shown on told.feed = shown.feed and counts.week = shown.week
left join known
    on
        series.target = known.target
        and series.location = known.location
        and told.origin = known.origin
        and counts.week = known.week
