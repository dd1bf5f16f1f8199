with

{% for feed in dated_feeds() -%}
    {{ feed }} as (
        select
            '{{ feed }}' as feed,
            payload,
            unnest(far_columns) as column_name
        from {{ ref('stg_' ~ feed) }}
        where copy_number = (select max(copies.copy_number) from {{ ref('stg_' ~ feed) }} as copies)
    ),

{% endfor -%}

named as (
    {% for feed in dated_feeds() -%}
        select * from {{ feed }}
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

far_values as (
    select
        feed,
        payload,
        column_name,
        count(*) as records
    from named
    group by feed, payload, column_name
)

select * from far_values
