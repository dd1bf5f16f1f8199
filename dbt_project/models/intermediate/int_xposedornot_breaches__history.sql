with

breaches as (
    select * from {{ ref('stg_xposedornot_breaches') }}
    where added_day is not null
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'xposedornot_breaches'
),

states as (
    select
        copies.copy_number,
        {{ hash_key(['breaches.breach']) }} as event_key,
        'WORLD' as location,
        min(breaches.added_day) as event_day,
        min(breaches.added_day) as recorded_day,
        cast(null as date) as assumed_day
    from breaches
    inner join copies
        on breaches.copy_number = copies.copy_number
    group by copies.copy_number, breaches.breach
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
