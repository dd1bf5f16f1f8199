-- Only weeks that were watched: what the first copy shows was there before, and the running week
-- is not complete.
with urls as (
    select
        urls.week,
        urls.host_kind,
        coalesce(urls.country, 'none') as country
    from {{ ref("int_phishing_urls") }} as urls
    inner join {{ ref("targets") }} as targets on targets.target = 'phishing_mix'
    inner join {{ ref("int_feed_weeks") }} as watched
        on targets.feed = watched.feed and urls.week = watched.week
),

labelled as (
    select
        week,
        'country_domain' as kind,
        country as category
    from urls
    union all
    select
        week,
        'host_kind' as kind,
        host_kind as category
    from urls
),

counted as (
    select
        week,
        kind,
        category,
        count(*) as urls
    from labelled
    group by week, kind, category
)

select
    week,
    kind,
    category,
    cast(urls as bigint) as urls,
    urls / sum(urls) over (partition by week, kind) as share  -- noqa: RF04
from counted
