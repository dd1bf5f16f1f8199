with places as (
    select * from {{ ref("dim_locations") }}
),

countries as (
    select * from {{ ref("int_country_people") }}
),

-- a region has the people of the countries that are summed into it
people as (
    select
        climbs.ancestor as location,
        sum(countries.population) as population,
        sum(countries.internet_users) as internet_users,
        min(countries.internet_year) as internet_year
    from ({{ ways_up() }}) as climbs
    inner join countries on climbs.location = countries.location
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
    people.internet_year,
    cast(people.population as bigint) as population,
    cast(people.internet_users as bigint) as internet_users
from places
left join people on places.location = people.location
