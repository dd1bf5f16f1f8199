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

{% set comparisons = {
    "relative_to_flat": ("flat", "scaled_wis"),
    "relative_to_comb_two": ("comb_two", "scaled_wis"),
    "log_relative_to_flat": ("flat", "log_wis"),
    "log_relative_to_comb_two": ("comb_two", "log_wis"),
} -%}

speaking as (
    {{ speaking_models() }}
),

{% for name, (rival, score) in comparisons.items() -%}
    {{ name }} as (
        {{ relative_skill("scores", rival, score) }}
    )
    {%- if not loop.last %},{% endif %}

{% endfor %}
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
    {% for name in comparisons -%}
        {{ name }}.ratio as {{ name }},
        {{ name }}.low90 as {{ name }}_low90,
        {{ name }}.high90 as {{ name }}_high90,
    {% endfor -%}
    speaking.model is not null as is_published
from means
left join speaking on means.target = speaking.target and means.model = speaking.model
{% for name in comparisons -%}
    left join {{ name }}
        on
            means.target = {{ name }}.target
            and means.location_level = {{ name }}.location_level
            and means.model = {{ name }}.model
            and means.horizon = {{ name }}.horizon
{% endfor %}
