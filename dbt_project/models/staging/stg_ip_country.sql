with

rows_as_read as (
    select * from {{ source('raw', 'ip_country') }}
),

{{ newest_copy('rows_as_read') }},

ranges as (
    select
        copy_number,
        vintage_day,
        family,
        country as country_written,
        start_ipv6_key,
        end_ipv6_key,
        cast(start_ipv4 as bigint) as start_ipv4,
        cast(end_ipv4 as bigint) as end_ipv4
    from newest
)

select * from ranges
