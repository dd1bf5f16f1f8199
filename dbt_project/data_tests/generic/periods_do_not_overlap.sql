{#- Rows that begin before the row of the same key that came before them has ended. -#}
{% test periods_do_not_overlap(model, key) %}
    with followed as (
        select
            *,
            lag(coalesce(known_to, date '9999-12-31')) over (
                partition by {{ key | join(", ") }}
                order by known_from
            ) as previous_known_to
        from {{ model }}
    )

    select *
    from followed
    where known_from < previous_known_to
{% endtest %}
