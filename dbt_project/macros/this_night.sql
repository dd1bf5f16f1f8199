{#- The one row that says which day's knowledge counts, the last day that was over at the night's
    moment, and the newest ISO week that was. -#}
{% macro this_night() -%}
    select
        as_of,
        last_day,
        source,
        mark,
        {{ week_of("last_day + 1") }} - 7 as reference_week
    from {{ source("raw", "run_context") }}
{%- endmacro %}
