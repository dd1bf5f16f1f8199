{{ config(meta={
    "description": "The parts of a published outlook add up to what it expects.",
    "dagster": {"ref": {"name": "drivers"}},
}) }}
select
    outlook.target,
    outlook.location,
    outlook.expected_4w,
    outlook.expected_12w,
    sum(drivers.events_4w) as parts_4w,
    sum(drivers.events_12w) as parts_12w
from {{ ref("drivers") }} as drivers
inner join {{ ref("outlook") }} as outlook
    on drivers.target = outlook.target and drivers.location = outlook.location
group by outlook.target, outlook.location, outlook.expected_4w, outlook.expected_12w
having
    abs(sum(drivers.events_4w) - outlook.expected_4w) > 0.005
    or abs(sum(drivers.events_12w) - outlook.expected_12w) > 0.005
