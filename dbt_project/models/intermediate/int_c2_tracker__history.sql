with

servers as (
    select * from {{ ref('stg_c2_tracker') }}
    where tool <> '7777 Botnet'
),

first_runs as (
    select
        tool,
        address,
        min(ipv6_key) as ipv6_key,
        min(vintage_day) as known_from
    from servers
    group by tool, address
),

numbered as (
    select
        *,
        {{ ipv4_number('address') }} as ipv4_number,
        known_from = min(known_from) over (partition by tool) as is_stock
    from first_runs
),

routable as (
    select
        tool,
        address,
        ipv4_number,
        ipv6_key,
        known_from,
        is_stock
    from numbered
    where not {{ is_reserved_ipv4('ipv4_number') }}
)

select * from routable
