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
    select
        location,
        unnest(sums_into) as ancestor
    from {{ ref("dim_locations") }}
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
        kinds.target,
        ways_up.ancestor as location,
        kinds.origin,
        events.week,
        sum(events.events) as events
    from kinds
    inner join events
        on
            kinds.target = events.target
            and kinds.origin >= events.week
            and kinds.origin_day >= events.known_from
            and (events.known_to is null or kinds.origin_day < events.known_to)
    inner join ways_up on events.location = ways_up.location
    where kinds.as_of_kind <> 'final'
    group by kinds.target, ways_up.ancestor, kinds.origin, events.week
)

select
    series.target,
    series.location,
    kinds.origin,
    kinds.as_of_kind,
    counts.week,
    cast(
        case
            when counts.value is null then null
            when kinds.as_of_kind = 'final' then counts.value
            when kinds.as_of_kind = 'vintage' and shown.shown_from > kinds.origin_day then null
            else coalesce(known.events, 0)
        end as integer
    ) as value
from series
inner join kinds
    on series.target = kinds.target and series.first_week + 7 * 52 <= kinds.origin
inner join counts
    on
        series.target = counts.target
        and series.location = counts.location
        and series.first_week <= counts.week
        and kinds.origin >= counts.week
left join shown on kinds.feed = shown.feed and counts.week = shown.week
left join known
    on
        series.target = known.target
        and series.location = known.location
        and kinds.origin = known.origin
        and counts.week = known.week
