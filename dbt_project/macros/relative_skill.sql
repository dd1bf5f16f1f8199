{#- A mean score of every model (`scaled_wis` or `log_wis`) by that of a rival, over the scores that
    both have, with 90 % bounds.

    The bounds are those of a ratio of means on the log scale (delta method, normal quantile
    1.645): with a and b the two scores of a pair and m the number of origins,
    se = sqrt(m / (m - 1) * sum over origins of (sum over pairs (a / mean a - b / mean b) / pairs)^2).
    The origins are the units, because series of the same weeks err together. Origins whose target
    weeks overlap are taken as independent, which makes the bounds a little narrow. Null with fewer
    than three origins, or where a mean is zero. -#}
{% macro relative_skill(scores, rival, score) -%}
    with pairs as (
        select
            own.target,
            own.location_level,
            own.model,
            own.horizon,
            own.reference_date,
            own.location,
            own.{{ score }} as own_score,
            rival.{{ score }} as rival_score
        from {{ scores }} as own
        inner join {{ scores }} as rival
            on
                own.target = rival.target
                and own.location = rival.location
                and own.reference_date = rival.reference_date
                and own.horizon = rival.horizon
        where rival.model = '{{ rival }}'
    ),

    pair_means as (
        select
            target,
            location_level,
            model,
            horizon,
            count(*) as pair_count,
            nullif(avg(own_score order by reference_date, location), 0) as own_mean,
            nullif(avg(rival_score order by reference_date, location), 0) as rival_mean
        from pairs
        group by target, location_level, model, horizon
    ),

    by_origin as (
        select
            pairs.target,
            pairs.location_level,
            pairs.model,
            pairs.horizon,
            pairs.reference_date,
            any_value(pair_means.own_mean / pair_means.rival_mean) as ratio,
            sum(
                (
                    pairs.own_score / pair_means.own_mean
                    - pairs.rival_score / pair_means.rival_mean
                )
                / pair_means.pair_count
                order by pairs.location
            ) as deviation
        from pairs
        inner join pair_means
            on
                pairs.target = pair_means.target
                and pairs.location_level = pair_means.location_level
                and pairs.model = pair_means.model
                and pairs.horizon = pair_means.horizon
        group by
            pairs.target, pairs.location_level, pairs.model, pairs.horizon, pairs.reference_date
    ),

    with_error as (
        select
            target,
            location_level,
            model,
            horizon,
            any_value(ratio) as ratio,
            case
                when count(*) >= 3
                    then
                        sqrt(
                            count(*) / (count(*) - 1.0)
                            * sum(deviation * deviation order by reference_date)
                        )
            end as log_error
        from by_origin
        group by target, location_level, model, horizon
    )

    select
        target,
        location_level,
        model,
        horizon,
        ratio,
        ratio * exp(-1.645 * log_error) as low90,
        ratio * exp(1.645 * log_error) as high90
    from with_error
{%- endmacro %}
