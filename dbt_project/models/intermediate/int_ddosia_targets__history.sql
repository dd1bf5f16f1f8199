with

targets as (
    select * from {{ ref('stg_ddosia_targets') }}
    where host is not null and list_day is not null
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'ddosia_targets'
),

days as (
    select
        host,
        top_domain,
        list_day
    from targets
    group by host, top_domain, list_day
),

followed as (
    select
        *,
        lag(list_day) over (partition by host order by list_day) as previous_day
    from days
),

listings as (
    select
        {{ hash_key(['followed.host', 'followed.list_day']) }} as event_key,
        coalesce(spellings.location, 'UNLOCATED') as location,
        followed.list_day as event_day,
        followed.list_day as known_from,
        cast(null as date) as known_to
    from followed
    left join spellings
        on followed.top_domain = spellings.spelling
    where {{ opens_event('followed.list_day', 'followed.previous_day') }}
)

select * from listings
