with night as (
    {{ this_night() }}
),

feeds as (
    select * from {{ source("raw", "feeds") }}
),

-- ages go by the day on which a payload was had, new records by the day of which it tells
vintages as (
    select
        feed,
        payload_day,
        vintage_day,
        retrieved_at,
        row_count,
        is_repeat,
        row_number() over (partition by feed order by copy_number desc) as age
    from {{ source("raw", "vintages") }}
),

newest as (
    select
        newest.*,
        earlier.vintage_day as day_before,
        earlier.row_count as rows_before
    from vintages as newest
    left join vintages as earlier on newest.feed = earlier.feed and earlier.age = newest.age + 1
    where newest.age = 1
),

sightings as (
    select
        target,
        event_day,
        known_from,
        max(event_day) filter (where known_to is null) over (
            partition by target, event_key
        ) as standing_day
    from {{ ref("int_events") }}
    -- a place or day that was mended later is no new record
    qualify row_number() over (partition by target, event_key order by known_from) = 1
    union all
    select
        'phishing_mix' as target,
        vintage_day as event_day,
        vintage_day as known_from,
        vintage_day as standing_day
    from {{ ref("int_phishing_urls") }}
),

seen as (
    select
        targets.feed,
        -- what was withdrawn keeps no feed alive
        max(sightings.standing_day) filter (
            where sightings.standing_day <= night.as_of
        ) as last_event,
        least(
            max(sightings.standing_day) filter (where sightings.standing_day <= night.as_of),
            max(sightings.known_from) filter (where sightings.standing_day is not null)
        ) as alive_day,
        count(*) filter (
            where sightings.standing_day is not null
            and sightings.known_from <= newest.vintage_day
            and (newest.day_before is null or sightings.known_from > newest.day_before)
        ) as new_records
    from sightings
    inner join {{ ref("targets") }} as targets on sightings.target = targets.target
    cross join night
    left join newest on targets.feed = newest.feed
    group by targets.feed
),

facts as (
    select
        feeds.*,
        night.as_of,
        night.source,
        newest.payload_day as newest_vintage,
        newest.retrieved_at as last_success,
        newest.row_count as rows_now,
        newest.rows_before,
        newest.is_repeat,
        seen.last_event,
        seen.alive_day,
        seen.new_records as new_events,
        coalesce(night.as_of - newest.payload_day > feeds.fresh_days, false) as is_overdue,
        coalesce(night.as_of - seen.alive_day > 7 * feeds.silent_weeks, false) as is_silent
    from feeds
    cross join night
    left join newest on feeds.feed = newest.feed
    left join seen on feeds.feed = seen.feed
),

caused as (
    select
        *,
        case
            -- of what it holds no counts the starter asks nothing
            when source = 'starter' and newest_vintage is null and attempt_at is null
                then 'left_out'
            when newest_vintage is null then 'never'
            when not attempt_ok then 'attempt'
            when newest_quarantined > newest_vintage then 'quarantine'
            when is_overdue then 'stale'
            when is_silent then 'silent'
        end as cause
    from facts
),

told as (
    select
        feed,
        last_success,
        last_event,
        licence,
        publisher,
        url,
        role,
        title,
        newest_vintage,
        -- a bad night leaves the last good copy, which serves until its limit
        newest_vintage is not null and not is_overdue and not is_silent as is_within_limits,
        case
            when cause in ('never', 'attempt', 'quarantine') then 'failed'
            when cause is not null then cause
            when is_repeat then 'unchanged'
            else 'fresh'
        end as state,
        {{ failure_reason() }} as reason,
        {{ failure_sentence() }} as explanation,
        case
            when last_success is not null
                then
                    greatest(
                        date_diff('second', last_success, cast(as_of + 1 as timestamp)) / 3600.0, 0
                    )
        end as age_hours,
        cast(rows_now as bigint) as records,
        cast(
            case
                when newest_vintage is null then null
                when role = 'observations' then coalesce(new_events, 0)
                else greatest(rows_now - coalesce(rows_before, 0), 0)
            end as bigint
        ) as new_records
    from caused
)

select
    feed,
    state,
    reason,
    last_success,
    last_event,
    age_hours,
    records,
    new_records,
    licence,
    publisher,
    url,
    role,
    title,
    newest_vintage,
    is_within_limits,
    explanation
from told
