select
    outcomes.scope,
    outcomes.scope_value,
    outcomes.told,
    outcomes.closed,
    outcomes.confirmed,
    outcomes.false_alarms,
    outcomes.data_faults,
    outcomes.share_confirmed,
    outcomes.share_false_alarms,
    outcomes.share_data_faults,
    context.as_of
from {{ source("live", "warning_outcomes") }} as outcomes
cross join {{ source("raw", "run_context") }} as context
