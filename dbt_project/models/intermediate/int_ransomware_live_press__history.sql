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

located as (
    select
        copies.copy_number,
        reports.victim,
        reports.attack_day,
        min(spellings.location) filter (where spellings.location <> 'UNLOCATED') as country,
        bool_and(reports.shape = '2025-05') as is_country_unreadable,
        min(reports.added_day) as recorded_day
    from reports
    inner join copies
        on reports.copy_number = copies.copy_number
    left join spellings
        on lower(reports.country_written) = spellings.spelling
    group by copies.copy_number, reports.victim, reports.attack_day
),

-- a copy whose codes cannot be read takes no country away
followed as (
    select
        *,
        last_value(country ignore nulls) over (
            partition by victim, attack_day
            order by copy_number
        ) as last_country
    from located
),

states as (
    select
        copy_number,
        {{ hash_key(['victim', 'attack_day']) }} as event_key,
        attack_day as event_day,
        recorded_day,
        attack_day as assumed_day,
        coalesce(
            case when is_country_unreadable then last_country else country end, 'UNLOCATED'
        ) as location
    from followed
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
