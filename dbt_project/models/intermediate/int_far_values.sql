with

{% for feed in [
    'accessnow_keepiton',
    'cisa_kev',
    'ddosia_targets',
    'eurepoc',
    'ransomware_live',
    'ransomware_live_press',
    'xposedornot_breaches',
] -%}
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
    select * from accessnow_keepiton
    union all
    select * from cisa_kev
    union all
    select * from ddosia_targets
    union all
    select * from eurepoc
    union all
    select * from ransomware_live
    union all
    select * from ransomware_live_press
    union all
    select * from xposedornot_breaches
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
