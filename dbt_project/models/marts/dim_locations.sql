-- The climb from a place to all that it is summed into is done here once.
with recursive places as (
    select * from {{ ref("locations") }}
),

climbed as (
    select
        location,
        location as ancestor,
        parent,
        0 as steps
    from places
    union all
    select
        climbed.location,
        places.location as ancestor,
        places.parent,
        climbed.steps + 1 as steps
    from climbed
    inner join places on climbed.parent = places.location
),

ways_up as (
    select
        location,
        list(ancestor order by steps) as sums_into
    from climbed
    group by location
)

select
    places.location,
    places.location_level,
    places.location_name,
    places.parent,
    places.iso_alpha3,
    places.m49,
    places.note,
    ways_up.sums_into
from places
inner join ways_up on places.location = ways_up.location
