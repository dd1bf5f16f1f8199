with

-- ever seen: an address that left the list and came back is not new
first_copies as (
    select
        address,
        min(vintage_day) as known_from
    from {{ ref('stg_threatfox_ips') }}
    group by address
),

-- nothing is known of the beginning of what the first copy lists
numbered as (
    select
        *,
        {{ ipv4_number('address') }} as ipv4_number,
        cast(null as varchar) as ipv6_key,
        known_from = min(known_from) over () as is_stock
    from first_copies
),

listed as (
    select * from numbered
    where not is_stock and not {{ is_reserved_ipv4('ipv4_number') }}
),

{{ address_places('listed') }},

located as (
    select
        {{ hash_key(['listed.address']) }} as event_key,
        address_places.location,
        listed.known_from as event_day,
        listed.known_from,
        cast(null as date) as known_to,
        listed.address
    from listed
    inner join address_places
        on listed.address = address_places.address
)

select * from located
