with

rows_as_read as (
    select * from {{ source('raw', 'sefinek_ips') }}
),

addresses as (
    select
        copy_number,
        vintage_day,
        payload,
        address,
        ipv6_key
    from rows_as_read
)

select * from addresses
