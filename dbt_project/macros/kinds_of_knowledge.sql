{#- What stands behind the counts of a day: recorded copies, the records' own days, or neither.

    `moments`: a CTE with `feed`, `dating` and a `day` column. Gives the CTE `kinds`: its rows with
    `as_of_kind`. -#}
{% macro kinds_of_knowledge(moments, day) -%}
    first_copies as (
        select
            feed,
            min(vintage_day) as vintage_day
        from {{ ref("int_feed_copies") }}
        where kind = 'vintage'
        group by feed
    ),

    -- before its first recorded copy, only the records' own days can say what was known
    kinds_before as (
        select
            feed,
            min_by(kind, first_day) as kind
        from {{ ref("int_vintage_kinds") }}
        where kind <> 'vintage'
        group by feed
    ),

    kinds as (
        select
            {{ moments }}.*,
            case
                -- yearly releases whose records do not say when they became known
                when kinds_before.kind = 'final' then 'final'
                when periods.kind is not null then periods.kind
                when {{ moments }}.dating = 'vintage' then 'vintage'
                when first_copies.vintage_day <= {{ moments }}.{{ day }} then 'vintage'
                else 'record_dates'
            end as as_of_kind
        from {{ moments }}
        left join first_copies on {{ moments }}.feed = first_copies.feed
        left join kinds_before on {{ moments }}.feed = kinds_before.feed
        left join {{ ref("int_vintage_kinds") }} as periods
            on
                {{ moments }}.feed = periods.feed
                and {{ moments }}.{{ day }} between periods.first_day and periods.last_day
    )
{%- endmacro %}
