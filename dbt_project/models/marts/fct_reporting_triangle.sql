with night as (
    {{ this_night() }}
),

-- lists without days of their own are dated by their copies: nothing in them can be late
targets as (
    select
        *,
        greatest(settle_weeks, {{ var("triangle_delays") }}) as settles_after
    from {{ ref("dim_targets") }}
    where is_counted and dating = 'record'
),

copies as (
    select * from {{ ref("int_feed_copies") }}
),

looks as (
    select
        feed,
        covers_until as last_look
    from {{ ref("int_feed_looks") }}
    qualify row_number() over (partition by feed order by copy_number desc) = 1
),

-- the newest weeks of each feed, also of one that stands still
watched as (
    select
        feed,
        week
    from {{ ref("int_feed_weeks") }}
    qualify week > max(week) over (partition by feed) - 7 * {{ var("triangle_weeks") }}
),

scopes as (
    select
        target,
        unnest(
            case
                when levels = 'hierarchy' then ['world', 'located', 'unlocated']
                else ['world']
            end
        ) as scope
    from targets
),

delays as (
    select cast(unnest(range(0, 53)) as integer) as delay
),

moments as (
    select
        targets.target,
        targets.feed,
        targets.dating,
        targets.settles_after,
        watched.week,
        delays.delay,
        {{ week_end("watched.week") }} + 7 * delays.delay as count_day
    from targets
    inner join watched on targets.feed = watched.feed
    cross join night
    cross join delays
    where
        targets.settles_after >= delays.delay
        and night.last_day >= {{ week_end("watched.week") }} + 7 * delays.delay
),

{{ kinds_of_knowledge("moments", "count_day") }},

days as (
    select distinct
        feed,
        count_day
    from kinds
),

fresh_copies as (
    select
        days.feed,
        days.count_day,
        arg_max(looks.covers_until, copies.copy_number) as covers_until
    from days
    inner join copies
        on
            days.feed = copies.feed
            and copies.whole_day between days.count_day - 6 and days.count_day
    inner join {{ ref("int_feed_looks") }} as looks
        on copies.feed = looks.feed and copies.copy_number = looks.copy_number
    where copies.kind = 'vintage'
    group by days.feed, days.count_day
),

-- what could be seen on the day: a copy of that week, or the records' own days up to the last copy
cells as (
    select
        kinds.target,
        scopes.scope,
        kinds.week,
        kinds.delay,
        kinds.count_day,
        kinds.as_of_kind,
        kinds.settles_after,
        case kinds.as_of_kind
            when 'vintage'
                then coalesce(fresh_copies.covers_until >= {{ week_end("kinds.week") }}, false)
            else looks.last_look >= kinds.count_day
        end as is_observable
    from kinds
    inner join scopes on kinds.target = scopes.target
    inner join looks on kinds.feed = looks.feed
    left join fresh_copies
        on kinds.feed = fresh_copies.feed and kinds.count_day = fresh_copies.count_day
    left join {{ ref("int_unplaced_weeks") }} as unplaced
        on kinds.target = unplaced.target and kinds.week = unplaced.week
    where
        kinds.as_of_kind <> 'final'
        -- a week without places says nothing of how late places come
        and (scopes.scope = 'world' or unplaced.week is null)
),

moves as (
    select
        target,
        location,
        week,
        event_key,
        known_from as move_day,
        1 as moved
    from {{ ref("int_events") }}
    union all
    select
        target,
        location,
        week,
        event_key,
        known_to as move_day,
        -1 as moved
    from {{ ref("int_events") }}
    where known_to is not null
),

-- a claim that only moves between two countries neither comes nor goes for the located ones
net_moves as (
    select
        moves.target,
        scopes.scope,
        moves.week,
        moves.event_key,
        cast(
            greatest(0, ceil((moves.move_day - {{ week_end("moves.week") }}) / 7)) as integer
        ) as delay,
        sum(moves.moved) as moved
    from moves
    inner join scopes on moves.target = scopes.target
    where
        case scopes.scope
            when 'located' then moves.location <> 'UNLOCATED'
            when 'unlocated' then moves.location = 'UNLOCATED'
            else true
        end
    group by all
),

changes as (
    select
        target,
        scope,
        week,
        delay,
        sum(greatest(moved, 0)) as came,
        sum(greatest(-moved, 0)) as went
    from net_moves
    group by target, scope, week, delay
),

summed as (
    select
        cells.*,
        sum(coalesce(changes.came, 0)) over so_far as arrived,
        sum(coalesce(changes.went, 0)) over so_far as removed
    from cells
    left join changes
        on
            cells.target = changes.target
            and cells.scope = changes.scope
            and cells.week = changes.week
            and cells.delay = changes.delay
    window
        so_far as (
            partition by cells.target, cells.scope, cells.week
            order by cells.delay
        )
)

select
    target,
    scope,
    week,
    delay,
    count_day,
    as_of_kind,
    cast(arrived - removed as integer) as value,
    cast(arrived as integer) as arrived,
    cast(removed as integer) as removed,
    cast(settles_after as integer) as settles_after
from summed
where is_observable
