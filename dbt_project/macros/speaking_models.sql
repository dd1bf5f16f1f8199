{#- The model that is published for each target tonight: one row a target. -#}
{% macro speaking_models() -%}
    select distinct
        target,
        model
    from {{ source("forecasts", "outlook") }}
{%- endmacro %}
