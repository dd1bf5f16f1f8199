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

-- the columns are those of the contract, which dbt enforces
select
    by_model.*,  -- noqa: AM04
    shown.location_level,
    shown.as_of,
    shown.usual_weekly,
    shown.usual_4w,
    shown.usual_12w
from by_model
inner join shown on by_model.target = shown.target and by_model.location = shown.location
