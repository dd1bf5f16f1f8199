with

rows_as_read as (
    select * from {{ source('raw', 'tweetfeed') }}
),

-- hashes of files have no host
posts as (
    select
        copy_number,
        vintage_day,
        payload,
        reporter,
        kind,
        ipv6_key,
        case when kind = 'ip' then lower(value) else {{ host_of('value') }} end as host_written,
        {{ working_day("try_cast(left(posted, 19) as timestamp)") }} as posted_at,
        {{ far_columns({"posted": "posted"}) }} as far_columns
    from rows_as_read
    where kind in ('url', 'domain', 'ip')
),

hosts as (
    select
        * exclude (host_written),
        case
            when
                ipv6_key is not null
                or regexp_full_match(host_written, '[^\s/\\:@{}\[\]]+[.][^\s/\\:@{}\[\].]+')
                then host_written
        end as host
    from posts
),

labelled as (
    select
        *,
        nullif(regexp_extract(host, '[.]([a-z]+)$', 1), '') as top_domain
    from hosts
)

select * from labelled
