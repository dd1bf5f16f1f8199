with

-- the first of a month stands for a month or a year; a start after its own copy is mistyped
incidents as (
    select * from {{ ref('stg_eurepoc') }}
    where day(start_day) > 1 and start_day <= vintage_day
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'eurepoc'
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'eurepoc'
),

receivers as (
    select
        copies.copy_number,
        incidents.incident,
        incidents.start_day,
        incidents.added_day,
        unnest(
            case
                when len(incidents.receivers_written) > 0
                    then incidents.receivers_written
                else ['Not available']
            end
        ) as receiver
    from incidents
    inner join copies
        on incidents.copy_number = copies.copy_number
),

located as (
    select
        receivers.*,
        coalesce(spellings.location, 'UNLOCATED') as location
    from receivers
    left join spellings
        on lower(receivers.receiver) = spellings.spelling
),

-- a region or body beside a country adds no receiving country
compared as (
    select
        *,
        bool_or(location <> 'UNLOCATED') over (
            partition by copy_number, incident
        ) as has_country
    from located
),

states as (
    select
        copy_number,
        {{ hash_key(['incident', 'location']) }} as event_key,
        location,
        min(start_day) as event_day,
        min(added_day) as recorded_day,
        min(start_day) as assumed_day
    from compared
    where location <> 'UNLOCATED' or not has_country
    group by copy_number, incident, location
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
