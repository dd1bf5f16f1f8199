with

context as (
    select * from {{ source('raw', 'run_context') }}
),

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

feeds as (
    select * from {{ source('raw', 'feeds') }}
),

looks as (
    select * from {{ ref('int_feed_looks') }}
),

unwatched as (
    select * from {{ source('raw', 'unwatched') }}
),

targets as (
    select
        feed,
        dating,
        week_offset_days,
        {{ week_of('series_start_world') }} as first_week
    from {{ ref('targets') }}
),

-- a hole of a recording is one of all who hold a copy of it, and of nobody else
gaps as (
    select gaps.*
    from {{ ref('gaps') }} as gaps
    cross join context
    where
        context.source <> 'sample'
        and ({{ holds_here('gaps') }})
),

-- what is counted is in the newest copy, so that its content is what is covered
covered as (
    select
        targets.feed,
        targets.first_week,
        looks.covers_until as last_day
    from targets
    inner join looks
        on targets.feed = looks.feed
    where targets.dating = 'record'
    qualify row_number() over (partition by targets.feed order by looks.copy_number desc) = 1
),

covered_weeks as (
    select
        feed,
        cast(unnest(range(first_week, last_day - 5, interval 7 days)) as date) as week
    from covered
),

-- a list that forgets was watched in the weeks that a copy saw before it forgot
record_weeks as (
    select covered_weeks.*
    from covered_weeks
    semi join looks
        on
            covered_weeks.feed = looks.feed
            and {{ week_end('covered_weeks.week') }} <= looks.covers_until
            and covered_weeks.week >= coalesce(looks.remembers_from, covered_weeks.week)
),

-- a copy that should have had news and has none was no look, and ends what its week can say
list_weeks as (
    select
        targets.feed,
        targets.first_week,
        {{ week_of('looks.whole_day + targets.week_offset_days') }} as week
    from targets
    inner join looks
        on targets.feed = looks.feed
    inner join feeds
        on targets.feed = feeds.feed
    where targets.dating = 'vintage' and feeds.days_a_week is null
    group by all
    having arg_max(looks.covers_until = looks.whole_day, looks.copy_number)
),

-- a bundle of dated parts was looked at on their days, once these were over
told_days as (
    select
        feed,
        whole_day,
        unnest(part_days) as part_day
    from vintages
),

parts as (
    select distinct
        feed,
        part_day
    from told_days
    where part_day <= whole_day
),

part_weeks as (
    select
        targets.feed,
        targets.first_week,
        {{ week_of('parts.part_day + targets.week_offset_days') }} as week
    from targets
    inner join parts
        on targets.feed = parts.feed
    inner join feeds
        on targets.feed = feeds.feed
    where targets.dating = 'vintage'
    group by all
    having count(*) >= any_value(feeds.days_a_week)
),

vintage_looks as (
    select * from list_weeks
    union all
    select * from part_weeks
),

followed as (
    select
        *,
        lag(week) over (partition by feed order by week) as previous_week
    from vintage_looks
),

-- the first look, and the first after a pause, shows as new what was there for longer
vintage_weeks as (
    select
        feed,
        week
    from followed
    where week - previous_week = 7 and week >= first_week
),

looked_at as (
    select * from record_weeks
    union all
    select * from vintage_weeks
),

monitored as (
    select looked_at.*
    from looked_at
    inner join context
        on {{ week_end('looked_at.week') }} <= context.last_day
    anti join gaps
        on
            looked_at.feed = gaps.feed
            and looked_at.week <= gaps.last_day
            and {{ week_end('looked_at.week') }} >= gaps.first_day
    anti join unwatched
        on looked_at.feed = unwatched.feed and looked_at.week = unwatched.week
)

select * from monitored
