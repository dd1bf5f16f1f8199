with

rows_as_read as (
    select * from {{ source('raw', 'ddosia_targets') }}
),

targets as (
    select
        copy_number,
        vintage_day,
        payload,
        list_name,
        host,
        type as attack_type,
        port,
        cast(list_time as date) as list_day,
        list_time as listed_at,
        nullif(regexp_extract(host, '[.]([a-z]+)$', 1), '') as top_domain
    from rows_as_read
)

select * from targets
