-- where the baseline stands in, nobody took its number apart
with shown as (
    select
        outlook.target,
        outlook.location,
        outlook.model,
        outlook.run_id,
        outlook.as_of
    from {{ ref("outlook") }} as outlook
    left join {{ source("live", "stand_in") }} as stand_ins
        on outlook.target = stand_ins.target and outlook.location = stand_ins.location
    where outlook.state = 'published' and stand_ins.target is null
)

select
    drivers.target,
    drivers.location,
    drivers.driver,
    drivers.position,
    drivers.events_4w,
    drivers.events_12w,
    shown.model,
    shown.as_of,
    shown.run_id
from {{ source("forecasts", "drivers") }} as drivers
inner join shown on drivers.target = shown.target and drivers.location = shown.location
