with night as (
    {{ this_night() }}
),

series as (
    select * from {{ ref("dim_series") }}
),

targets as (
    select * from {{ ref("dim_targets") }}
),

places as (
    select * from {{ ref("dim_locations") }}
),

health as (
    select * from {{ ref("fct_feed_health") }}
),

-- what live scores say of the published forecasts of a place
drifted as (
    select
        target,
        place as location,
        state,
        reason
    from {{ source("live", "drift") }}
    where scope = 'location' and state in ('withhold', 'fallback')
),

-- where the published model has drifted, the baseline's numbers take its place
made as (
    select outlooks.*
    from {{ source("forecasts", "outlook") }} as outlooks
    left join {{ source("live", "stand_in") }} as stand_ins
        on outlooks.target = stand_ins.target and outlooks.location = stand_ins.location
    where stand_ins.target is null
    union all by name
    select * from {{ source("live", "stand_in") }}
),

-- a number is shown only for a series that may be forecast and was, and not against live scores
outlooks as (
    select
        outlooks.*,
        series.usual_weekly,
        -- the same periods as the expected counts that they stand beside
        4 * series.usual_weekly as usual_4w,
        12 * series.usual_weekly as usual_12w,
        {{ probability_of_trend("outlooks.") }} as p_trend
    from made as outlooks
    inner join series
        on outlooks.target = series.target and outlooks.location = series.location
    left join drifted
        on outlooks.target = drifted.target and outlooks.location = drifted.location
    where
        (series.is_eligible or series.borrows)
        and outlooks.expected_4w is not null
        and drifted.state is distinct from 'withhold'
),

decided as (
    select
        series.target,
        series.location,
        series.location_level,
        places.location_name,
        places.parent,
        night.as_of,
        night.reference_week,
        night.mark,
        {{ week_end("series.last_week") }} as data_through,
        targets.title,
        health.explanation as feed_explanation,
        {% for column in [
            "evidence_grade",
            "usual_weekly",
            "usual_4w",
            "usual_12w",
            "expected_4w",
            "low80_4w",
            "high80_4w",
            "expected_12w",
            "low80_12w",
            "high80_12w",
            "p_above_usual_4w",
            "p_zero_4w",
            "trend",
            "p_large_decrease",
            "p_decrease",
            "p_stable",
            "p_increase",
            "p_large_increase",
            "p_trend",
            "model",
            "run_id",
        ] -%}
            outlooks.{{ column }},
        {% endfor -%}
        case
            when series.state = 'published' and drifted.state = 'withhold' then 'withheld'
            when series.state = 'published' and outlooks.target is null
                then 'insufficient_evidence'
            else series.state
        end as state,
        case
            when
                series.state = 'published'
                and (
                    drifted.state = 'withhold'
                    or (
                        -- no baseline stands in for what borrows
                        drifted.state = 'fallback'
                        and outlooks.target is not null
                        and series.is_eligible
                    )
                )
                then drifted.reason
            when series.state = 'published' and outlooks.target is null then 'no forecast was made'
            else series.reason
        end as reason
    from series
    cross join night
    inner join targets on series.target = targets.target
    inner join places on series.location = places.location
    left join health on targets.feed = health.feed
    left join outlooks on series.target = outlooks.target and series.location = outlooks.location
    left join drifted on series.target = drifted.target and series.location = drifted.location
),

told as (
    select
        *,
        case when mark <> '' then mark || ' ' else '' end
        || title || ', '
        || case
            when location_level = 'unlocated' then lower(location_name)
            else location_name
        end
        || ': '
        || case
            when state = 'published' then {{ sentence_with_numbers() }}
            else {{ sentence_without_numbers() }}
        end as sentence
    from decided
)

select
    target,
    location,
    location_level,
    location_name,
    parent,
    as_of,
    data_through,
    state,
    reason,
    evidence_grade,
    usual_weekly,
    usual_4w,
    usual_12w,
    expected_4w,
    low80_4w,
    high80_4w,
    expected_12w,
    low80_12w,
    high80_12w,
    p_above_usual_4w,
    p_zero_4w,
    trend,
    p_large_decrease,
    p_decrease,
    p_stable,
    p_increase,
    p_large_increase,
    sentence,
    model,
    run_id
from told
