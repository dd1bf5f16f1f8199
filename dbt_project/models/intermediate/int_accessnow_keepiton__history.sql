with

shutdowns as (
    select * from {{ ref('stg_accessnow_keepiton') }}
    where start_day is not null
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'accessnow_keepiton'
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'accessnow_keepiton'
),

-- a cell may name several countries: each of them had a shutdown
countries as (
    select
        copies.copy_number,
        shutdowns.start_day,
        shutdowns.area,
        shutdowns.network,
        unnest(string_split(shutdowns.countries_written, ';')) as country
    from shutdowns
    inner join copies
        on shutdowns.copy_number = copies.copy_number
),

located as (
    select
        countries.*,
        coalesce(spellings.location, 'UNLOCATED') as location
    from countries
    left join spellings
        on lower(trim(countries.country)) = spellings.spelling
),

-- shutdowns that went on are repeated under each year
states as (
    select distinct
        copy_number,
        {{ hash_key(['start_day', 'location', 'area', 'network']) }} as event_key,
        location,
        start_day as event_day,
        cast(null as date) as recorded_day,
        cast(null as date) as assumed_day
    from located
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
