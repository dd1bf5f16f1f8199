with shown as (
    {{ outlooks_taken_apart() }}
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
