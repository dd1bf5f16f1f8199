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
        {{ working_number("port", 65535) }} as port,
        cast({{ working_day("list_time") }} as date) as list_day,
        {{ working_day("list_time") }} as listed_at,
        {{ far_columns(
            {"list_time": "cast(list_time as varchar)"},
            {"port": "port not between 0 and 65535"}
        ) }} as far_columns,
        nullif(regexp_extract(host, '[.]([a-z]+)$', 1), '') as top_domain
    from rows_as_read
)

select * from targets
