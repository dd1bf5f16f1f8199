with

machines as (
    select
        *,
        {{ ipv4_number('address') }} as ipv4_number
    from {{ ref('stg_honeypot_hosts') }}
    where first_seen_day is not null
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'honeypot_hosts'
),

-- ever seen: a machine that left the list and came back is the same, with its first day
first_rows as (
    select * from machines
    where not {{ is_reserved_ipv4('ipv4_number') }}
    qualify row_number() over (partition by address order by copy_number, first_seen_day) = 1
),

{{ address_places('first_rows') }},

states as (
    select
        first_rows.copy_number,
        {{ hash_key(['first_rows.address']) }} as event_key,
        address_places.location,
        first_rows.first_seen_day as event_day,
        first_rows.first_seen_day as recorded_day,
        cast(null as date) as assumed_day
    from first_rows
    inner join address_places
        on first_rows.address = address_places.address
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }},

-- a row leaves the list with time; what was seen stays so
known as (
    select
        event_key,
        location,
        event_day,
        known_from,
        cast(null as date) as known_to
    from periods
)

select * from known
