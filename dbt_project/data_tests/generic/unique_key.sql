{#- Rows whose key comes twice or is null in part. -#}
{% test unique_key(model, columns) %}
    select
        {{ columns | join(", ") }},
        count(*) as copies
    from {{ model }}
    group by {{ columns | join(", ") }}
    having
        count(*) > 1
        {% for column in columns -%}
            or {{ column }} is null
        {% endfor %}
{% endtest %}
