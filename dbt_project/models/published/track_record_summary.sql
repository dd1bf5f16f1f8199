{% set scopes = {
    "all": "'all'",
    "location_level": "location_level",
    "horizon": "cast(horizon as varchar)",
    "reference_date": "cast(reference_date as varchar)",
} -%}

with scores as (
    {{ scored_beside_flat() }}
),

-- a score counts only where the baseline was scored on the very same week
compared as (
    select *
    from scores
    where scaled_wis is not null and scaled_wis_baseline is not null
),

in_scopes as (
    {% for scope, value in scopes.items() -%}
        select
            *,
            '{{ scope }}' as scope,
            {{ value }} as scope_value
        from compared
        {%- if not loop.last %}
            union all
        {% endif %}
    {%- endfor %}
),

-- sums of fractions are taken in one order, so that the last digit is always the same
means as (
    select
        target,
        kind,
        scope,
        scope_value,
        model,
        count(distinct location) as series,
        count(distinct reference_date) as origins,
        count(*) as forecasts,
        avg(cast(covered_50 as integer)) as covered_50,
        avg(cast(covered_80 as integer)) as covered_80,
        avg(cast(covered_95 as integer)) as covered_95,
        avg(scaled_wis order by reference_date, location, horizon) as scaled_wis,
        avg(scaled_wis_baseline order by reference_date, location, horizon) as scaled_wis_baseline
    from in_scopes
    group by target, kind, scope, scope_value, model
)

select
    target,
    kind,
    scope,
    scope_value,
    model,
    series,
    origins,
    forecasts,
    covered_50,
    covered_80,
    covered_95,
    scaled_wis,
    scaled_wis_baseline,
    scaled_wis / nullif(scaled_wis_baseline, 0) as relative_to_flat,
    scaled_wis > scaled_wis_baseline as is_worse
from means
