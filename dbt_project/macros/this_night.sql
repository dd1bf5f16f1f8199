{#- The one row that says which day's knowledge counts, and the newest complete ISO week. -#}
{% macro this_night() -%}
    select
        as_of,
        source,
        simulated,
        {{ week_of("as_of + 1") }} - 7 as reference_week
    from {{ source("raw", "run_context") }}
{%- endmacro %}
