with

posts as (
    select * from {{ ref('stg_tweetfeed') }}
    where host is not null and posted_at is not null
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'tweetfeed'
),

-- ever posted: a host is one event, of its first reporter
first_posts as (
    select
        host,
        top_domain,
        ipv6_key,
        reporter,
        posted_at,
        cast(posted_at as date) as posted_day,
        {{ ipv4_number('host') }} as ipv4_number
    from posts
    qualify row_number() over (partition by host order by posted_at, reporter, copy_number) = 1
),

-- a reporter who comes or goes, or dumps the list of a campaign, must not make the level; the
-- earliest of a week count, so that a later post displaces none of them
capped as (
    select * from first_posts
    where not {{ is_reserved_ipv4('ipv4_number') }}
    qualify
        row_number() over (
            partition by reporter, {{ week_of('posted_day') }}
            order by posted_at, md5(host)
        ) <= {{ var('hosts_per_reporter') }}
),

addresses as (
    select
        host as address,
        ipv4_number,
        ipv6_key
    from capped
),

{{ address_places('addresses') }},

located as (
    select
        {{ hash_key(['capped.host']) }} as event_key,
        coalesce(address_places.location, spellings.location, 'UNLOCATED') as location,
        capped.posted_day as event_day,
        capped.posted_day as known_from,
        cast(null as date) as known_to
    from capped
    left join address_places
        on capped.host = address_places.address
    left join spellings
        on capped.top_domain = spellings.spelling
)

select * from located
