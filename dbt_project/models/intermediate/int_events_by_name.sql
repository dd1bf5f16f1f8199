-- names that a feed gives beside each record: a tool, or the group that posted a claim
with tools as (
    select
        'c2_servers' as target,
        tool as event_name,
        event_day
    from {{ ref('int_c2_tracker__history') }}
),

-- the newest copy that is believed holds every claim that still stands
gangs as (
    select
        'ransomware_claims' as target,
        claims.gang as event_name,
        cast(claims.published_at as date) as event_day
    from {{ ref('stg_ransomware_live') }} as claims
    where
        claims.published_at is not null
        and claims.gang <> ''
        and claims.copy_number = (
            select max(copies.copy_number) from {{ ref('stg_ransomware_live') }} as copies
        )
),

named as (
    select * from tools
    union all
    select * from gangs
)

select
    target,
    event_name,
    {{ week_of('event_day') }} as week,
    count(*) as value
from named
group by target, event_name, {{ week_of('event_day') }}
