{#- Rows for which a rule does not hold; a rule that is null does not hold either. -#}
{% test holds(model, rule) %}
    select *
    from {{ model }}
    where not coalesce({{ rule }}, false)
{% endtest %}
