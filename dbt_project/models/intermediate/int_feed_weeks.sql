with

context as (
    select * from {{ source('raw', 'run_context') }}
),

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

lists as (
    select * from {{ ref('stg_ddosia_targets') }}
),

targets as (
    select
        feed,
        dating,
        week_offset_days,
        {{ week_of('series_start_world') }} as first_week
    from {{ ref('targets') }}
),

gaps as (
    select gaps.*
    from {{ ref('gaps') }} as gaps
    inner join context
        on
            context.source <> 'sample'
            and (gaps.scope = 'publisher' or context.source = 'mirror')
),

-- the days on which a feed was looked at; a bundle of lists was looked at on its lists' days
looks as (
    select distinct
        feed,
        whole_day as look_day
    from vintages
    where feed <> 'ddosia_targets'
    union
    select distinct
        'ddosia_targets' as feed,
        list_day as look_day
    from lists
),

-- a yearly release covers the years before it
covered as (
    select
        targets.feed,
        targets.first_week,
        max(
            case targets.feed
                when 'accessnow_keepiton'
                    then cast(date_trunc('year', looks.look_day) as date) - 1
                else looks.look_day
            end
        ) as last_day
    from targets
    inner join looks
        on targets.feed = looks.feed
    where targets.dating = 'record'
    group by targets.feed, targets.first_week
),

record_weeks as (
    select
        feed,
        cast(unnest(range(first_week, last_day - 5, interval 7 days)) as date) as week
    from covered
),

vintage_looks as (
    select distinct
        targets.feed,
        targets.first_week,
        {{ week_of('looks.look_day + targets.week_offset_days') }} as week
    from targets
    inner join looks
        on targets.feed = looks.feed
    where targets.dating = 'vintage'
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
)

select * from monitored
