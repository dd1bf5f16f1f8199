with

claims as (
    select * from {{ ref('stg_ransomware_live') }}
    where published_at is not null
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'ransomware_live'
),

spellings as (
    select * from {{ ref('int_country_spellings') }}
    where feed = 'ransomware_live'
),

located as (
    select
        copies.copy_number,
        claims.gang,
        claims.victim,
        claims.published_at,
        spellings.location,
        cast(claims.published_at as date) as claim_day,
        cast(claims.discovered_at as date) as recorded_day
    from claims
    inner join copies
        on claims.copy_number = copies.copy_number
    left join spellings
        on lower(claims.country_written) = spellings.spelling
),

followed as (
    select
        *,
        lag(claim_day) over (
            partition by copy_number, gang, victim
            order by published_at
        ) as previous_day
    from located
),

-- name and group are no key: the same pair again after four weeks is another claim
numbered as (
    select
        *,
        sum(cast({{ opens_event('claim_day', 'previous_day') }} as integer)) over (
            partition by copy_number, gang, victim
            order by published_at
            rows between unbounded preceding and current row
        ) as claim_number
    from followed
),

states as (
    select
        copy_number,
        {{ hash_key(['gang', 'victim', 'claim_number']) }} as event_key,
        coalesce(
            min_by(location, published_at) filter (where location <> 'UNLOCATED'), 'UNLOCATED'
        ) as location,
        min(claim_day) as event_day,
        min(recorded_day) as recorded_day,
        min(claim_day) as assumed_day
    from numbered
    group by copy_number, gang, victim, claim_number
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
