with

rows_as_read as (
    select * from {{ source('raw', 'openphish') }}
),

urls as (
    select
        copy_number,
        vintage_day,
        payload,
        position,
        url,
        -- the host is what follows the last @ of the part before the path, without its port
        regexp_replace(
            regexp_replace(lower(regexp_extract(url, '^[A-Za-z]+://([^/?#]*)', 1)), '^.*@', ''),
            '[.]?(:[0-9]*)?$',
            ''
        ) as host
    from rows_as_read
),

hosts as (
    select
        *,
        nullif(regexp_extract(host, '[.]([a-z]+)$', 1), '') as top_domain,
        nullif(regexp_extract(host, '([^.]+[.][^.]+)$', 1), '') as short_domain
    from urls
)

select * from hosts
