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
        vintage_day as look_day
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

-- what the first look shows was there before: nothing of it can be called new
later_looks as (
    select *
    from looks
    qualify look_day > min(look_day) over (partition by feed)
),

vintage_weeks as (
    select distinct
        targets.feed,
        {{ week_of('later_looks.look_day + targets.week_offset_days') }} as week
    from targets
    inner join later_looks
        on targets.feed = later_looks.feed
    where targets.dating = 'vintage'
),

looked_at as (
    select * from record_weeks
    union all
    select vintage_weeks.*
    from vintage_weeks
    inner join targets
        on
            vintage_weeks.feed = targets.feed
            and vintage_weeks.week >= targets.first_week
),

monitored as (
    select looked_at.*
    from looked_at
    inner join context
        on {{ week_end('looked_at.week') }} <= context.as_of
    anti join gaps
        on
            looked_at.feed = gaps.feed
            and looked_at.week <= gaps.last_day
            and {{ week_end('looked_at.week') }} >= gaps.first_day
)

select * from monitored
