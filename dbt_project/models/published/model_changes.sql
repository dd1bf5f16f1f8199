select
    target,
    since,
    action,
    until,
    model_before,
    model,
    decided_by,
    reason,
    ratio,
    ratio_low90,
    ratio_high90
from {{ source("forecasts", "model_changes") }}
