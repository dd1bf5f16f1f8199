{#- Rows that have a null in one of the columns. One query for all of them: what a test costs is
    being one, not its columns. -#}
{% test never_null(model, columns) %}
    select {{ columns | join(", ") }}
    from {{ model }}
    where {{ columns | join(" is null or ") }} is null
{% endtest %}
