-- Each region, sub-region and the world must hold what lies directly below it, in weeks in which
-- all of that has a series. Of a week whose records have no place the world may stand alone.
{{ config(meta={
    "description": "A region's count is the sum of its parts', in every week in which all of these have a series.",
    "dagster": {"ref": {"name": "fct_weekly_counts"}},
}) }}
with counts as (
    select * from {{ ref("fct_weekly_counts") }}
),

children as (
    select
        counts.target,
        places.parent as location,
        counts.week,
        sum(counts.value) as value
    from counts
    inner join {{ ref("dim_locations") }} as places on counts.location = places.location
    where places.parent is not null
    group by counts.target, places.parent, counts.week
)

select
    counts.target,
    counts.location,
    counts.week,
    counts.value,
    children.value as sum_of_children
from counts
inner join children
    on
        counts.target = children.target
        and counts.location = children.location
        and counts.week = children.week
left join {{ ref("int_unplaced_weeks") }} as unplaced
    on
        counts.target = unplaced.target
        and counts.week = unplaced.week
        and counts.location = 'WORLD'
where
    case
        when unplaced.week is not null then children.value is not null
        else counts.value is distinct from children.value
    end
