with

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

kinds as (
    select * from {{ ref('vintage_kinds') }}
),

copies as (
    select distinct
        vintages.feed,
        vintages.vintage_day,
        coalesce(kinds.kind, 'vintage') as kind
    from vintages
    left join kinds
        on
            vintages.feed = kinds.feed
            and vintages.vintage_day between kinds.first_day and kinds.last_day
),

compared as (
    select
        *,
        bool_or(kind = 'vintage') over (partition by feed) as has_observed_copies,
        max(vintage_day) over (partition by feed) as newest_day
    from copies
),

-- no revision may be read out of copies that do not show what was known on their day
trusted as (
    select * from compared
    where kind = 'vintage' or (not has_observed_copies and vintage_day = newest_day)
),

numbered as (
    select
        feed,
        vintage_day,
        kind,
        row_number() over (partition by feed order by vintage_day) as copy_number,
        lag(vintage_day) over (partition by feed order by vintage_day) as previous_day,
        lead(vintage_day) over (partition by feed order by vintage_day) as next_day
    from trusted
)

select * from numbered
