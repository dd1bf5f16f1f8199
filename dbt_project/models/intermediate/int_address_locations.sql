with

threatfox_addresses as (
    select
        address,
        ipv4_number,
        cast(null as varchar) as ipv6_key
    from {{ ref('int_threatfox_ips__history') }}
    where not is_stock
),

c2_addresses as (
    select
        address,
        ipv4_number,
        ipv6_key
    from {{ ref('int_c2_tracker__history') }}
    where not is_stock
),

ranges as (
    select * from {{ ref('stg_ip_country') }}
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'ip_country'
),

addresses as (
    select * from threatfox_addresses
    union
    select * from c2_addresses
),

ipv4_places as (
    select
        addresses.address,
        case when addresses.ipv4_number <= ranges.end_ipv4 then ranges.country_written end
            as country_written
    from addresses
    asof left join ranges
        on addresses.ipv4_number >= ranges.start_ipv4
    where addresses.ipv4_number is not null
),

ipv6_places as (
    select
        addresses.address,
        case when addresses.ipv6_key <= ranges.end_ipv6_key then ranges.country_written end
            as country_written
    from addresses
    asof left join ranges
        on addresses.ipv6_key >= ranges.start_ipv6_key
    where addresses.ipv6_key is not null
),

places as (
    select * from ipv4_places
    union all
    select * from ipv6_places
),

located as (
    select
        places.address,
        coalesce(spellings.location, 'UNLOCATED') as location
    from places
    left join spellings
        on lower(places.country_written) = spellings.spelling
)

select * from located
