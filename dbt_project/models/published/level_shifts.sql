select
    shifts.target,
    shifts.location,
    shifts.week,
    shifts.noticed_week,
    shifts.scope,
    shifts.level_before,
    shifts.level_after,
    shifts.ratio,
    shifts.evidence,
    context.as_of
from {{ source("forecasts", "level_shifts") }} as shifts
cross join {{ source("raw", "run_context") }} as context
