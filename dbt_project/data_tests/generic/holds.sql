{#- Rows for which a rule does not hold; a rule that is null does not hold either. May stand under
    a model or under the column that it speaks of. -#}
{% test holds(model, rule, column_name=none) %}
    select *
    from {{ model }}
    where not coalesce({{ rule }}, false)
{% endtest %}
