select
    audits.grouping,
    audits.location,
    audits.places,
    audits.targets,
    audits.share_records,
    audits.share_population,
    audits.per_population,
    audits.share_internet_users,
    audits.per_internet_users,
    audits.forecasts,
    audits.relative_wis,
    audits.covered_80,
    audits.cells,
    audits.share_published,
    audits.warnings_closed,
    audits.false_alarms,
    audits.share_false_alarms,
    audits.beyond,
    context.as_of
from {{ source("live", "fairness") }} as audits
cross join {{ source("raw", "run_context") }} as context
