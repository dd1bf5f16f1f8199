{#- Every score of the model that speaks for its target tonight, beside that of `flat` for the very
    same week, with the location level of its place. Nulls: one of the two has no score there. -#}
{% macro scored_beside_flat() -%}
    select
        own.target,
        own.location,
        places.location_level,
        own.kind,
        own.model,
        own.reference_date,
        own.horizon,
        own.covered_50,
        own.covered_80,
        own.covered_95,
        own.wis,
        own.scaled_wis,
        baseline.wis as wis_baseline,
        baseline.scaled_wis as scaled_wis_baseline
    from {{ ref("scores") }} as own
    inner join {{ ref("dim_locations") }} as places on own.location = places.location
    left join {{ ref("scores") }} as baseline
        on
            own.target = baseline.target
            and own.location = baseline.location
            and own.kind = baseline.kind
            and own.reference_date = baseline.reference_date
            and own.horizon = baseline.horizon
            and baseline.model = 'flat'
    where own.is_published
{%- endmacro %}
