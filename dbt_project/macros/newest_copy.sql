{#- The rows of a reference feed's newest copy, as the CTE `newest`. -#}
{% macro newest_copy(rows) -%}
    newest as (
        select *
        from {{ rows }}
        where vintage_day = (select max(copies.vintage_day) from {{ rows }} as copies)
    )
{%- endmacro %}
