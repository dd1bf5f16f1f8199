with earlier as (
    select * from {{ source("live", "forecast_history") }}
),

night as (
    {{ this_night() }}
),

-- tonight's own, unless something was published for that date on an earlier day: the first counts
tonight as (
    select
        forecasts.target,
        forecasts.location,
        forecasts.reference_date,
        forecasts.horizon,
        forecasts.quantile,
        forecasts.target_week,
        forecasts.value,
        forecasts.model,
        null as release_id,
        night.as_of
    from {{ ref("forecast_published") }} as forecasts
    cross join night
    anti join earlier
        on
            forecasts.target = earlier.target
            and forecasts.location = earlier.location
            and forecasts.reference_date = earlier.reference_date
),

said as (
    select * from earlier
    union all by name
    select * from tonight
)

select
    said.target,
    said.location,
    said.reference_date,
    said.horizon,
    said.quantile,
    said.target_week,
    said.value,
    counts.value as observed,
    counts.observation,
    said.model,
    said.release_id,
    said.as_of
from said
left join {{ ref("fct_weekly_counts") }} as counts
    on
        said.target = counts.target
        and said.location = counts.location
        and said.target_week = counts.week
