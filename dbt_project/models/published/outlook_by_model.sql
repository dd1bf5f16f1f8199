with outlook as (
    select *
    from {{ ref("outlook") }}
    where state = 'published'
),

by_model as (
    select *
    from {{ source("forecasts", "outlook_by_model") }}
    where expected_4w is not null
),

-- a cell that is withheld, or for which another model stands in, is shown for no model
shown as (
    select outlook.*
    from outlook
    inner join by_model
        on
            outlook.target = by_model.target
            and outlook.location = by_model.location
            and outlook.model = by_model.model
    where by_model.role = 'published'
)

select
    by_model.target,
    by_model.location,
    by_model.model,
    by_model.role,
    by_model.since,
    by_model.previous_until,
    shown.location_level,
    shown.as_of,
    by_model.evidence_grade,
    shown.usual_weekly,
    shown.usual_4w,
    shown.usual_12w,
    by_model.expected_4w,
    by_model.low80_4w,
    by_model.high80_4w,
    by_model.expected_12w,
    by_model.low80_12w,
    by_model.high80_12w,
    by_model.p_above_usual_4w,
    by_model.p_zero_4w,
    by_model.trend,
    by_model.p_large_decrease,
    by_model.p_decrease,
    by_model.p_stable,
    by_model.p_increase,
    by_model.p_large_increase,
    by_model.run_id
from by_model
inner join shown on by_model.target = shown.target and by_model.location = shown.location
