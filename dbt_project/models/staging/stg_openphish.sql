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
        {{ host_of('url') }} as host
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
