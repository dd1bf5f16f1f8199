with

urls as (
    select * from {{ ref('stg_openphish') }}
    where host <> ''
),

platforms as (
    select domain from {{ ref('hosting_platforms') }}
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'openphish' and location <> 'UNLOCATED'
),

targets as (
    select week_offset_days from {{ ref('targets') }}
    where target = 'phishing_mix'
),

first_copies as (
    select
        url,
        host,
        short_domain,
        top_domain,
        min(copy_number) as copy_number,
        min(vintage_day) as vintage_day
    from urls
    group by url, host, short_domain, top_domain
),

-- one campaign can fill most of a copy
capped as (
    select
        *,
        {{ hash_key(['url']) }} as url_key
    from first_copies
    qualify
        row_number() over (partition by copy_number, host order by md5(url))
        <= {{ var('urls_per_host') }}
),

kinds as (
    select
        capped.url_key,
        capped.vintage_day,
        spellings.location,
        -- this blog platform has a domain of its own in many countries
        platforms.domain is not null or regexp_matches(capped.host, '[.]blogspot[.]')
            as is_platform
    from capped
    left join platforms
        on capped.short_domain = platforms.domain
    left join spellings
        on capped.top_domain = spellings.spelling
),

phishing_urls as (
    select
        kinds.url_key,
        case when not kinds.is_platform then kinds.location end as country,
        case
            when kinds.is_platform then 'platform'
            when kinds.location is not null then 'country_domain'
            else 'generic_domain'
        end as host_kind,
        kinds.vintage_day,
        {{ week_of('kinds.vintage_day + targets.week_offset_days') }} as week
    from kinds
    cross join targets
)

select * from phishing_urls
