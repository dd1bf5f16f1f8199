with places as (
    select * from {{ ref("dim_locations") }}
),

populations as (
    select * from {{ ref("populations") }}
),

-- a region has the people of the countries that are summed into it
people as (
    select
        climbs.ancestor as location,
        sum(populations.population) as population
    from (
        select
            location,
            unnest(sums_into) as ancestor
        from places
    ) as climbs
    inner join populations on climbs.location = populations.location
    group by climbs.ancestor
)

select
    places.location,
    places.location_level,
    places.location_name,
    places.parent,
    places.iso_alpha3,
    places.m49,
    places.note,
    cast(people.population as bigint) as population
from places
left join people on places.location = people.location
