{#- The rows of a reference feed's newest copy, as the CTE `newest`. -#}
{% macro newest_copy(rows) -%}
    newest as (
        select *
        from {{ rows }}
        where copy_number = (select max(copies.copy_number) from {{ rows }} as copies)
    )
{%- endmacro %}
