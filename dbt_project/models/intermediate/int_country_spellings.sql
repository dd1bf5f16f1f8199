with

reviewed as (
    select
        feed,
        location,
        lower(spelling) as spelling
    from {{ ref('country_spellings') }}
),

places as (
    select
        location,
        location_name,
        iso_alpha3
    from {{ ref('locations') }}
    where location_level = 'country'
),

countries as (
    select * from {{ ref('stg_country_codes') }}
),

names as (
    select
        location,
        'alpha2' as style,
        lower(location) as spelling
    from places
    union
    select
        location,
        'alpha3' as style,
        lower(iso_alpha3) as spelling
    from places
    where iso_alpha3 is not null
    union
    select
        location,
        'name' as style,
        lower(location_name) as spelling
    from places
    union
    select
        alpha2 as location,
        'name' as style,
        lower(country_name) as spelling
    from countries
    union
    select
        alpha2 as location,
        'name' as style,
        lower(official_name_en) as spelling
    from countries
),

styles as (
    select
        feed,
        unnest(country_styles) as style
    from {{ source('raw', 'feeds') }}
),

candidates as (
    select
        styles.feed,
        names.spelling,
        names.location
    from styles
    inner join names
        on styles.style = names.style
    anti join reviewed
        on styles.feed = reviewed.feed and names.spelling = reviewed.spelling
    where names.spelling is not null
),

spellings as (
    select * from candidates
    union all
    select distinct
        feed,
        spelling,
        location
    from reviewed
)

select * from spellings
