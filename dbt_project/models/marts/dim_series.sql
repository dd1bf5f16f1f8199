with night as (
    {{ this_night() }}
),

targets as (
    select * from {{ ref("dim_targets") }}
),

places as (
    select * from {{ ref("dim_locations") }}
),

health as (
    select * from {{ ref("fct_feed_health") }}
),

counts as (
    select
        target,
        location,
        week,
        value,
        row_number() over (
            partition by target, location, value is null order by week desc
        ) as age
    from {{ ref("fct_weekly_counts") }}
),

facts as (
    select
        counts.target,
        counts.location,
        count(counts.value) as monitored_weeks,
        count(counts.value) filter (
            where counts.week > night.reference_week - 7 * 52
        ) as monitored_last_52,
        sum(counts.value) filter (
            where counts.week > night.reference_week - 7 * 104
        ) as events_last_104,
        avg(counts.value) filter (
            where counts.week > night.reference_week - 7 * 52
        ) as mean_last_52,
        avg(counts.value) filter (where counts.age <= 26) as usual_weekly,
        min(counts.week) filter (where counts.value is not null) as first_week,
        max(counts.week) filter (where counts.value is not null) as last_week
    from counts
    cross join night
    group by counts.target, counts.location
),

-- whether the newest week of a target can be placed
newest_weeks as (
    select
        target,
        max(week) as week
    from {{ ref("fct_weekly_counts") }}
    where value is not null and location = 'WORLD'
    group by target
),

unplaced as (
    select
        unplaced.target,
        'places unknown: ' || unplaced.placed || ' of ' || unplaced.records
        || ' records of ' || unplaced.week || ' have a place'
        || coalesce(', usual ' || cast(round(100 * unplaced.usual_share) as integer) || ' %', '')
            as place_reason
    from {{ ref("int_unplaced_weeks") }} as unplaced
    inner join newest_weeks
        on unplaced.target = newest_weeks.target and unplaced.week = newest_weeks.week
),

judged as (
    select
        targets.target,
        places.location,
        places.location_level,
        places.parent,
        targets.feed,
        targets.shown_not_forecast,
        health.reason as feed_reason,
        facts.mean_last_52,
        facts.usual_weekly,
        facts.first_week,
        facts.last_week,
        case when places.location_level <> 'world' then unplaced.place_reason end
            as place_reason,
        coalesce(health.state, 'unknown') as feed_state,
        coalesce(health.is_within_limits, false) as feed_serves,
        coalesce(facts.monitored_weeks, 0) as monitored_weeks,
        coalesce(facts.monitored_last_52, 0) as monitored_last_52,
        coalesce(facts.events_last_104, 0) as events_last_104
    from targets
    inner join places on targets.levels = 'hierarchy' or places.location = 'WORLD'
    left join health on targets.feed = health.feed
    left join facts on targets.target = facts.target and places.location = facts.location
    left join unplaced on targets.target = unplaced.target
),

missed as (
    select
        *,
        {{ too_few(
            "monitored_weeks",
            var("eligible_monitored_weeks"),
            "weeks watched"
        ) }} as few_weeks,
        {{ too_few(
            "monitored_last_52",
            var("eligible_monitored_last_52"),
            "of the last 52 weeks watched"
        ) }} as few_recent,
        {{ too_few(
            "events_last_104",
            var("eligible_events_last_104"),
            "events in the last 104 weeks"
        ) }} as few_events
    from judged
),

explained as (
    select
        *,
        nullif(concat_ws(', ', few_weeks, few_recent, few_events), '') as lacks
    from missed
),

-- the first that applies
decided as (
    select
        *,
        case
            when shown_not_forecast is not null then 'withheld'
            when not feed_serves or place_reason is not null then 'source_failure'
            when lacks is not null then 'insufficient_evidence'
            else 'published'
        end as own_state
    from explained
),

-- a country that lacks nothing but events is forecast as a part of its sub-region
lent as (
    select
        decided.*,
        lenders.location_name as lender,
        coalesce(
            decided.own_state = 'insufficient_evidence'
            and decided.location_level = 'country'
            and coalesce(decided.few_weeks, decided.few_recent) is null
            and decided.events_last_104 >= {{ var("borrowing_events_last_104") }}
            and lenders.location_level = 'subregion'
            and parents.own_state = 'published',
            false
        ) as borrows
    from decided
    left join decided as parents
        on decided.target = parents.target and decided.parent = parents.location
    left join places as lenders on decided.parent = lenders.location
),

typed as (
    select
        target,
        location,
        location_level,
        borrows,
        mean_last_52,
        usual_weekly,
        first_week,
        last_week,
        cast(monitored_weeks as integer) as monitored_weeks,
        cast(monitored_last_52 as integer) as monitored_last_52,
        cast(events_last_104 as bigint) as events_last_104,
        case when borrows then 'published' else own_state end as state,
        own_state = 'published' as is_eligible,
        case
            when borrows
                then
                    'borrows from ' || lender || ': ' || events_last_104
                    || ' events in the last 104 weeks'
            when own_state = 'withheld' then shown_not_forecast
            when own_state = 'source_failure' and feed_serves then place_reason
            when own_state = 'source_failure'
                then feed || ' is ' || feed_state || coalesce(': ' || feed_reason, '')
            when own_state = 'insufficient_evidence' then lacks
        end as reason
    from lent
)

select
    target,
    location,
    location_level,
    is_eligible,
    state,
    reason,
    monitored_weeks,
    monitored_last_52,
    events_last_104,
    mean_last_52,
    usual_weekly,
    first_week,
    last_week,
    borrows
from typed
