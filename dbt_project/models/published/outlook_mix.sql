with shown as (
    {{ outlooks_taken_apart() }}
)

select
    mix.target,
    mix.location,
    mix.member,
    mix.member_title,
    mix.weight,
    mix.events_4w,
    mix.events_12w,
    shown.model,
    shown.as_of
from {{ source("forecasts", "outlook_mix") }} as mix
inner join shown on mix.target = shown.target and mix.location = shown.location
