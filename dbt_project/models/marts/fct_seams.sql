with counts as (
    select * from {{ ref("fct_weekly_counts") }}
    where location = 'WORLD' and value is not null
),

imported as (
    select * from {{ ref("int_imported_counts") }}
    where location = 'WORLD' and value is not null
),

-- weeks that both counted say whether both count the same
compared as (
    select
        imported.target,
        any_value(imported.counted_by) as counted_by,
        min(imported.week) as first_imported_week,
        max(imported.week) as last_imported_week,
        min(counts.week) filter (where counts.counted_by = 'own') as first_shared_week,
        count(*) filter (where counts.counted_by <> 'own') as imported_weeks,
        count(*) filter (where counts.counted_by = 'own') as shared_weeks,
        avg(counts.value) filter (where counts.counted_by = 'own') as own_level,
        avg(imported.value) filter (where counts.counted_by = 'own') as imported_level
    from imported
    inner join counts on imported.target = counts.target and imported.week = counts.week
    group by imported.target
),

judged as (
    select
        *,
        own_level / nullif(imported_level, 0) as ratio
    from compared
)

select
    target,
    counted_by,
    first_imported_week,
    last_imported_week,
    first_shared_week,
    cast(imported_weeks as integer) as imported_weeks,
    cast(shared_weeks as integer) as shared_weeks,
    own_level,
    imported_level,
    ratio
from judged
