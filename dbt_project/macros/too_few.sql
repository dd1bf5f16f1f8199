{#- Says by how much a count misses what is needed; null if it does not. -#}
{% macro too_few(count, needed, what) -%}
    case
        when {{ count }} < {{ needed }}
            then {{ count }} || ' {{ what }} (' || {{ needed }} || ' needed)'
    end
{%- endmacro %}
