with

first_runs as (
    select
        tool,
        address,
        min(ipv6_key) as ipv6_key,
        min(vintage_day) as known_from
    from {{ ref('stg_c2_tracker') }}
    where tool <> '7777 Botnet'
    group by tool, address
),

-- nothing is known of the beginning of what a tool's first run found
numbered as (
    select
        *,
        {{ ipv4_number('address') }} as ipv4_number,
        known_from = min(known_from) over (partition by tool) as is_stock
    from first_runs
),

found as (
    select * from numbered
    where not is_stock and not {{ is_reserved_ipv4('ipv4_number') }}
),

{{ address_places('found') }},

located as (
    select
        {{ hash_key(['found.tool', 'found.address']) }} as event_key,
        address_places.location,
        found.known_from as event_day,
        found.known_from,
        cast(null as date) as known_to,
        found.tool,
        found.address
    from found
    inner join address_places
        on found.address = address_places.address
)

select * from located
