{#- From the states of records in each copy of a feed to the periods in which each state was known.

    `states`: a CTE with one row a record and copy: `copy_number`, `key`, the `attributes` that
    may change, `recorded_day` (the feed's own word on when it listed the record, may be null)
    and `assumed_day` (what to take for the records of the first copy that have no such word).
    The CTE `copies` must hold the feed's rows of `int_feed_copies`. What a later copy told of the
    same day leaves no period of the earlier one.

    A period begins on the day of the copy that first shows the state, or, for a record that is
    new, on its own `recorded_day` if that falls after the copy before. It ends (`known_to`) on
    the day of the first copy that no longer shows it. Gives the CTE `periods`. -#}
{% macro known_periods(states, key, attributes) -%}
    runs as (
        select
            {{ states }}.*,
            copies.place - row_number() over (
                partition by {{ key }}, {{ attributes | join(', ') }}
                order by copies.place
            ) as run
        from {{ states }}
        inner join copies
            on {{ states }}.copy_number = copies.copy_number
    ),

    spans as (
        select
            {{ key }},
            {{ attributes | join(',\n            ') }},
            min(copy_number) as first_copy,
            max(copy_number) as last_copy,
            min_by(recorded_day, copy_number) as recorded_day,
            min_by(assumed_day, copy_number) as assumed_day
        from runs
        group by {{ key }}, {{ attributes | join(', ') }}, run
    ),

    ordered_spans as (
        select
            *,
            row_number() over (partition by {{ key }} order by first_copy) = 1 as is_first
        from spans
    ),

    all_periods as (
        select
            ordered_spans.{{ key }},
            {% for attribute in attributes -%}
                ordered_spans.{{ attribute }},
            {% endfor -%}
            case
                when not ordered_spans.is_first then first_copies.vintage_day
                when first_copies.previous_day is null
                    then least(
                        coalesce(ordered_spans.recorded_day, ordered_spans.assumed_day),
                        first_copies.vintage_day
                    )
                when
                    ordered_spans.recorded_day > first_copies.previous_day
                    and ordered_spans.recorded_day <= first_copies.vintage_day
                    then ordered_spans.recorded_day
                else first_copies.vintage_day
            end as known_from,
            last_copies.next_day as known_to
        from ordered_spans
        inner join copies as first_copies
            on ordered_spans.first_copy = first_copies.copy_number
        inner join copies as last_copies
            on ordered_spans.last_copy = last_copies.copy_number
    ),

    periods as (
        select * from all_periods
        where known_to is null or known_to > known_from
    )
{%- endmacro %}
