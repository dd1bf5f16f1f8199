with

rows_as_read as (
    select * from {{ source('raw', 'honeypot_hosts') }}
),

machines as (
    select
        copy_number,
        vintage_day,
        payload,
        ip as address,
        ipv6_key,
        nullif(category, '') as category,
        nullif(detail, '') as detail,
        {{ working_day("try_cast(left(first_seen, 10) as date)") }} as first_seen_day,
        {{ working_day("try_cast(left(last_seen, 10) as date)") }} as last_seen_day,
        {{ far_columns({"first_seen": "first_seen", "last_seen": "last_seen"}) }} as far_columns
    from rows_as_read
)

select * from machines
