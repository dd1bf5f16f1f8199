with

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

feeds as (
    select
        feed,
        quiet_days,
        keeps_days
    from {{ source('raw', 'feeds') }}
),

-- a list that only shows now says nothing of days: its content ends with its last new record
news as (
    select
        targets.feed,
        events.known_from as content_day
    from {{ ref('int_events') }} as events
    inner join {{ ref('targets') }} as targets
        on events.target = targets.target and targets.dating = 'vintage'
    union
    select
        targets.feed,
        urls.vintage_day as content_day
    from {{ ref('int_phishing_urls') }} as urls
    inner join {{ ref('targets') }} as targets
        on targets.target = 'phishing_mix'
    union
    select
        vintages.feed,
        min(vintages.vintage_day) as content_day
    from vintages
    inner join {{ ref('targets') }} as targets
        on vintages.feed = targets.feed and targets.dating = 'vintage'
    group by vintages.feed
),

told as (
    select
        vintages.feed,
        vintages.copy_number,
        vintages.vintage_day,
        vintages.whole_day,
        feeds.quiet_days,
        vintages.whole_day - feeds.keeps_days as remembers_from,
        coalesce(vintages.content_day, news.content_day) as content_day,
        least(vintages.whole_day, vintages.claimed_until) as could_cover
    from vintages
    inner join feeds
        on vintages.feed = feeds.feed
    asof left join news
        on vintages.feed = news.feed and vintages.vintage_day >= news.content_day
),

-- silence is believed for as long as the feed's own history makes it plausible
looks as (
    select
        feed,
        copy_number,
        vintage_day,
        whole_day,
        content_day,
        remembers_from,
        case
            when quiet_days is null or could_cover - content_day <= quiet_days then could_cover
            else content_day
        end as covers_until
    from told
)

select * from looks
