with scores as (
    select
        scores.*,
        places.location_level
    from {{ source("forecasts", "scores") }} as scores
    inner join {{ ref("dim_locations") }} as places on scores.location = places.location
    where scores.kind = 'backtest' and scores.scaled_wis is not null
),

-- sums of fractions are taken in one order, so that the last digit is always the same
means as (
    select
        target,
        location_level,
        model,
        horizon,
        count(*) as scores,
        count(distinct location) as series,
        count(distinct reference_date) as origins,
        avg(wis order by reference_date, location) as wis,
        avg(scaled_wis order by reference_date, location) as scaled_wis,
        avg(log_wis order by reference_date, location) as log_wis,
        avg(cast(covered_50 as integer)) as covered_50,
        avg(cast(covered_80 as integer)) as covered_80,
        avg(cast(covered_95 as integer)) as covered_95
    from scores
    group by target, location_level, model, horizon
),

against_flat as (
    {{ relative_skill("scores", "flat") }}
),

against_comb_two as (
    {{ relative_skill("scores", "comb_two") }}
)

select
    means.target,
    means.location_level,
    means.model,
    means.horizon,
    means.scores,
    means.series,
    means.origins,
    means.wis,
    means.scaled_wis,
    means.log_wis,
    means.covered_50,
    means.covered_80,
    means.covered_95,
    against_flat.ratio as relative_to_flat,
    against_flat.low90 as relative_to_flat_low90,
    against_flat.high90 as relative_to_flat_high90,
    against_comb_two.ratio as relative_to_comb_two,
    against_comb_two.low90 as relative_to_comb_two_low90,
    against_comb_two.high90 as relative_to_comb_two_high90
from means
left join against_flat
    on
        means.target = against_flat.target
        and means.location_level = against_flat.location_level
        and means.model = against_flat.model
        and means.horizon = against_flat.horizon
left join against_comb_two
    on
        means.target = against_comb_two.target
        and means.location_level = against_comb_two.location_level
        and means.model = against_comb_two.model
        and means.horizon = against_comb_two.horizon
