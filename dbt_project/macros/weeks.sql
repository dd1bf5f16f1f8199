{#- The Monday that names a day's ISO week. -#}
{% macro week_of(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{#- The Sunday that ends a week. -#}
{% macro week_end(week) -%}
    ({{ week }} + 6)
{%- endmacro %}
