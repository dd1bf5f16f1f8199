{#- One row a place and each that it is summed into, itself among them. -#}
{% macro ways_up() -%}
    select
        location,
        unnest(sums_into) as ancestor
    from {{ ref("dim_locations") }}
{%- endmacro %}

{#- Weekly events of places, `target, location, week, events`, summed into all that they belong to;
    `events` and `ways_up` name what is in scope. -#}
{% macro summed_up(events, ways_up) -%}
    select
        {{ events }}.target,
        {{ ways_up }}.ancestor as location,
        {{ events }}.week,
        sum({{ events }}.events) as events
    from {{ events }}
    inner join {{ ways_up }} on {{ events }}.location = {{ ways_up }}.location
    group by {{ events }}.target, {{ ways_up }}.ancestor, {{ events }}.week
{%- endmacro %}
