with

targets as (
    select
        target,
        feed,
        {{ week_of('series_start_country') }} as first_week
    from {{ ref('targets') }}
    where levels = 'hierarchy'
),

watched as (
    select * from {{ ref('int_feed_weeks') }}
),

events as (
    select * from {{ ref('int_events') }}
    where known_to is null
),

counted as (
    select
        targets.target,
        events.week,
        count(*) as records,
        count(*) filter (where events.location <> 'UNLOCATED') as placed
    from targets
    inner join watched
        on targets.feed = watched.feed and targets.first_week <= watched.week
    inner join events
        on targets.target = events.target and watched.week = events.week
    group by targets.target, events.week
),

-- the middle one of two years, so that an outage is not soon taken for the usual
compared as (
    select
        *,
        median(placed / records) over past as usual_share,
        count(*) over past as past_weeks,
        sum(placed) over (partition by target) as placed_ever
    from counted
    window
        past as (
            partition by target
            order by week
            range between interval 728 days preceding and interval 7 days preceding
        )
),

expected as (
    select
        *,
        usual_share * records as usual_placed,
        records * greatest(
            usual_share * (1 - usual_share), {{ var("place_least_variance") }}
        ) as chance_variance
    from compared
),

-- how much more weeks differ than chance alone would have it; a square of a normal deviate has
-- the median 0.455
spread as (
    select
        *,
        greatest(
            coalesce(
                median((placed - usual_placed) ** 2 / chance_variance) over past / 0.455, 1
            ),
            1
        ) as overdispersion
    from expected
    window
        past as (
            partition by target
            order by week
            range between interval 728 days preceding and interval 7 days preceding
        )
),

unplaced as (
    select
        target,
        week,
        records,
        placed,
        case when placed_ever > 0 then usual_share end as usual_share
    from spread
    where
        -- nothing can be placed at all: the table of places is not there
        placed_ever = 0
        or (
            past_weeks >= {{ var("place_past_weeks") }}
            and placed < {{ var("place_least_ratio") }} * usual_placed
            and usual_placed - placed >= {{ var("place_least_missing") }}
            and usual_placed - placed
            > {{ var("place_deviations") }} * sqrt(chance_variance * overdispersion)
        )
)

select * from unplaced
