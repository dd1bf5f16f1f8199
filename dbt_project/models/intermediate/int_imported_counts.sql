with

imported as (
    select * from {{ source('raw', 'imported_counts') }}
),

ways_up as (
    {{ ways_up() }}
),

worlds as (
    select * from imported
    where location = 'WORLD'
),

-- the world's row is what the release said; what lies below the regions adds up to them
summed as (
    select
        imported.target,
        ways_up.ancestor as location,
        imported.week,
        sum(imported.value) as value,
        bool_or(imported.observation = 'missing') as is_missing
    from imported
    inner join ways_up on imported.location = ways_up.location
    where ways_up.ancestor <> 'WORLD'
    group by imported.target, ways_up.ancestor, imported.week
),

counted as (
    select
        target,
        location,
        week,
        value,
        observation,
        counted_by
    from worlds
    union all by name
    select
        summed.target,
        summed.location,
        summed.week,
        worlds.counted_by,
        if(summed.is_missing, null, summed.value) as value,
        if(summed.is_missing, 'missing', worlds.observation) as observation
    from summed
    inner join worlds on summed.target = worlds.target and summed.week = worlds.week
)

select
    target,
    location,
    week,
    observation,
    counted_by,
    cast(value as integer) as value
from counted
