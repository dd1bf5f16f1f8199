with scores as (
    {{ scored_beside_flat() }}
),

places as (
    select
        location,
        location_level
    from {{ ref("dim_locations") }}
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
    group by target, location, kind, model
)

select
    means.target,
    means.location,
    places.location_level,
    means.kind,
    means.model,
    means.origins,
    means.first_reference_date,
    means.last_reference_date,
    means.forecasts,
    means.covered_50,
    means.covered_80,
    means.covered_95,
    means.wis,
    means.wis_baseline,
    means.wis / nullif(means.wis_baseline, 0) as relative_wis,
    means.wis > means.wis_baseline as is_worse
from means
inner join places on means.location = places.location
