with scores as (
    {{ scored_beside_flat() }}
),

-- a score counts only where the baseline was scored on the very same week
compared as (
    select
        *,
        wis is not null and wis_baseline is not null as has_both
    from scores
),

-- sums of fractions are taken in one order, so that the last digit is always the same
means as (
    select
        target,
        location,
        location_level,
        kind,
        model,
        count(distinct reference_date) filter (where has_both) as origins,
        min(reference_date) filter (where has_both) as first_reference_date,
        max(reference_date) filter (where has_both) as last_reference_date,
        count(*) filter (where has_both) as forecasts,
        avg(cast(covered_50 as integer)) filter (where has_both) as covered_50,
        avg(cast(covered_80 as integer)) filter (where has_both) as covered_80,
        avg(cast(covered_95 as integer)) filter (where has_both) as covered_95,
        avg(wis order by reference_date, horizon) filter (where has_both) as wis,
        avg(wis_baseline order by reference_date, horizon) filter (where has_both) as wis_baseline
    from compared
    group by target, location, location_level, kind, model
)

select
    target,
    location,
    location_level,
    kind,
    model,
    origins,
    first_reference_date,
    last_reference_date,
    forecasts,
    covered_50,
    covered_80,
    covered_95,
    wis,
    wis_baseline,
    wis / nullif(wis_baseline, 0) as relative_wis,
    wis > wis_baseline as is_worse
from means
