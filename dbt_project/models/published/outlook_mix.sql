-- where the baseline stands in, nothing was mixed
with shown as (
    select
        outlook.target,
        outlook.location,
        outlook.model,
        outlook.as_of
    from {{ ref("outlook") }} as outlook
    left join {{ source("live", "stand_in") }} as stand_ins
        on outlook.target = stand_ins.target and outlook.location = stand_ins.location
    where outlook.state = 'published' and stand_ins.target is null
)

select
    mix.target,
    mix.location,
    mix.member,
    mix.weight,
    mix.events_4w,
    mix.events_12w,
    shown.model,
    shown.as_of
from {{ source("forecasts", "outlook_mix") }} as mix
inner join shown on mix.target = shown.target and mix.location = shown.location
