with

rows_as_read as (
    select * from {{ source('raw', 'threatfox_ips') }}
),

addresses as (
    select
        copy_number,
        vintage_day,
        payload,
        address
    from rows_as_read
)

select * from addresses
