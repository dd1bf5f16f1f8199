with

addresses as (
    select * from {{ ref('stg_threatfox_ips') }}
),

-- ever seen: an address that left the list and came back is not new
first_copies as (
    select
        address,
        min(vintage_day) as known_from
    from addresses
    group by address
),

numbered as (
    select
        *,
        {{ ipv4_number('address') }} as ipv4_number,
        known_from = min(known_from) over () as is_stock
    from first_copies
),

routable as (
    select
        address,
        ipv4_number,
        known_from,
        is_stock
    from numbered
    where not {{ is_reserved_ipv4('ipv4_number') }}
)

select * from routable
