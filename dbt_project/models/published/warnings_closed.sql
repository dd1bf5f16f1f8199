-- a warning on a target or a place that is no more is left out
select
    closed.warning_id,
    closed.target,
    closed.location,
    closed.level,
    closed.kind,
    closed.opened,
    closed.closed_on,
    closed.outcome
from {{ source("live", "warnings_closed") }} as closed
inner join {{ ref("published_targets") }} as targets on closed.target = targets.target
inner join {{ ref("published_locations") }} as places on closed.location = places.location
