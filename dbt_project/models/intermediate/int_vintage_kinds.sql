with

kinds as (
    select * from {{ ref('vintage_kinds') }}
),

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

context as (
    select * from {{ source('raw', 'run_context') }}
),

-- what is said of a recording holds for those who have a copy of it; the sample imitates them
held as (
    select
        kinds.feed,
        kinds.first_day,
        kinds.last_day,
        kinds.kind
    from kinds
    cross join context
    where
        context.source <> 'starter'
        and (
            context.source = 'sample'
            or {{ holds_here('kinds') }}
        )
),

-- the starter re-enacts how many records there are in the end, not when each became known
re_enacted as (
    select
        targets.feed,
        date '1970-01-01' as first_day,
        date '2099-12-31' as last_day,
        'final' as kind
    from {{ ref('targets') }} as targets
    cross join context
    where context.source = 'starter' and targets.dating = 'record'
),

known as (
    select * from held
    union all
    select * from re_enacted
)

select * from known
