{#- A dotted IPv4 address as whole number; null for anything else. -#}
{% macro ipv4_number(address) -%}
    case
        when regexp_full_match({{ address }}, '[0-9]{1,3}([.][0-9]{1,3}){3}')
            then
                cast(split_part({{ address }}, '.', 1) as bigint) * 16777216
                + cast(split_part({{ address }}, '.', 2) as bigint) * 65536
                + cast(split_part({{ address }}, '.', 3) as bigint) * 256
                + cast(split_part({{ address }}, '.', 4) as bigint)
    end
{%- endmacro %}

{#- Whether an address, as number, can be nobody's on the open internet: this network, private,
    shared by a provider's customers, loopback, link-local, multicast and reserved. False for null.
    The number stands once, in a list of one: DuckDB would work out what is behind its name anew in
    each place where it stands. -#}
{% macro is_reserved_ipv4(number) -%}
    len(
        list_filter(
            [{{ number }}],
            lambda ipv4: ipv4 < 16777216
            or ipv4 between 167772160 and 184549375
            or ipv4 between 1681915904 and 1686110207
            or ipv4 between 2130706432 and 2147483647
            or ipv4 between 2851995648 and 2852061183
            or ipv4 between 2886729728 and 2887778303
            or ipv4 between 3232235520 and 3232301055
            or ipv4 >= 3758096384
        )
    ) > 0
{%- endmacro %}

{#- The host of a web address: what follows the last @ of the part before the path, without its
    port, in lower case. A bare host is one already. -#}
{% macro host_of(address) -%}
    regexp_replace(
        regexp_replace(
            lower(regexp_extract({{ address }}, '^([A-Za-z]+://)?([^/?#]*)', 2)), '^.*@', ''
        ),
        '[.]?(:[0-9]*)?$',
        ''
    )
{%- endmacro %}

{#- Where addresses are registered. From the CTE `addresses` (`address`, `ipv4_number`,
    `ipv6_key`; each may come more than once) to the CTE `address_places` (`address`, `location`):
    both ends belong to a range, and what lies in none, or under a code of no country, is
    UNLOCATED. What is neither IPv4 nor IPv6 has no row. -#}
{% macro address_places(addresses) -%}
    ranges as (
        select * from {{ ref('stg_ip_country') }}
    ),

    range_spellings as (
        select * from {{ ref('int_country_spellings') }}
        where feed = 'ip_country'
    ),

    single_addresses as (
        select distinct
            address,
            ipv4_number,
            ipv6_key
        from {{ addresses }}
    ),

    ipv4_places as (
        select
            single_addresses.address,
            case when single_addresses.ipv4_number <= ranges.end_ipv4 then ranges.country_written end
                as country_written
        from single_addresses
        asof left join ranges
            on single_addresses.ipv4_number >= ranges.start_ipv4
        where single_addresses.ipv4_number is not null
    ),

    ipv6_places as (
        select
            single_addresses.address,
            case when single_addresses.ipv6_key <= ranges.end_ipv6_key then ranges.country_written end
                as country_written
        from single_addresses
        asof left join ranges
            on single_addresses.ipv6_key >= ranges.start_ipv6_key
        where single_addresses.ipv6_key is not null
    ),

    written_places as (
        select * from ipv4_places
        union all
        select * from ipv6_places
    ),

    address_places as (
        select
            written_places.address,
            coalesce(range_spellings.location, 'UNLOCATED') as location
        from written_places
        left join range_spellings
            on lower(written_places.country_written) = range_spellings.spelling
    )
{%- endmacro %}

{#- The history of a list of addresses: an event is one that is new in a copy of it. As the CTE
    `located` (the columns of a history, and `address`) and what it needs. Ever seen: an address that
    left the list and came back is not new. Nothing is known of the beginning of what the first copy
    lists. -#}
{% macro first_listed(rows, ipv6_key) -%}
    first_copies as (
        select
            address,
            min({{ ipv6_key }}) as ipv6_key,
            min(vintage_day) as known_from
        from {{ rows }}
        group by address
    ),

    numbered as (
        select
            *,
            {{ ipv4_number('address') }} as ipv4_number,
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
{%- endmacro %}
