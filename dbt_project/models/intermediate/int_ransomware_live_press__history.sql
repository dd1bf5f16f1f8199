with

reports as (
    select * from {{ ref('stg_ransomware_live_press') }}
    where attack_day is not null
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'ransomware_live_press'
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'ransomware_live_press'
),

states as (
    select
        copies.copy_number,
        {{ hash_key(['reports.victim', 'reports.attack_day']) }} as event_key,
        coalesce(
            min(spellings.location) filter (where spellings.location <> 'UNLOCATED'), 'UNLOCATED'
        ) as location,
        reports.attack_day as event_day,
        min(reports.added_day) as recorded_day,
        reports.attack_day as assumed_day
    from reports
    inner join copies
        on reports.vintage_day = copies.vintage_day
    left join spellings
        on lower(reports.country_written) = spellings.spelling
    group by copies.copy_number, reports.victim, reports.attack_day
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
