with

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

kinds as (
    select * from {{ ref('int_vintage_kinds') }}
),

copies as (
    select
        vintages.feed,
        vintages.copy_number,
        vintages.vintage_day,
        vintages.whole_day,
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
        max(copy_number) over (partition by feed) as newest_copy
    from copies
),

-- no revision may be read out of copies that do not show what was known on their day
trusted as (
    select * from compared
    where kind = 'vintage' or (not has_observed_copies and copy_number = newest_copy)
),

-- copies are told apart by their moments: of two of a day, the later replaces the earlier
ordered as (
    select
        feed,
        copy_number,
        vintage_day,
        whole_day,
        kind,
        row_number() over (partition by feed order by copy_number) as place,
        lag(vintage_day) over (partition by feed order by copy_number) as previous_day,
        lead(vintage_day) over (partition by feed order by copy_number) as next_day
    from trusted
)

select * from ordered
