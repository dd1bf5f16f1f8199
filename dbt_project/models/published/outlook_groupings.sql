{% set shown = [
    "evidence_grade", "usual_weekly", "expected_4w", "low80_4w", "high80_4w", "expected_12w",
    "low80_12w", "high80_12w", "p_above_usual_4w", "p_zero_4w", "trend", "p_large_decrease",
    "p_decrease", "p_stable", "p_increase", "p_large_increase", "model", "run_id",
] -%}
with night as (
    {{ this_night() }}
),

members as (
    select * from {{ ref("dim_groupings") }}
    where is_member
),

targets as (
    select * from {{ ref("dim_targets") }}
    where levels = 'hierarchy'
),

-- over the weeks by which sparse countries borrow
events as (
    select
        target,
        location,
        sum(value) as events
    from (
        select
            target,
            location,
            value
        from {{ ref("fct_weekly_counts") }}
        qualify week > max(week) over (partition by target) - 7 * 104
    )
    group by target, location
),

covered as (
    select
        targets.target,
        members.grouping,
        any_value(members.grouping_name) as grouping_name,
        count(*) as members,
        count(*) filter (outlooks.state = 'published') as members_published,
        sum(coalesce(events.events, 0)) as all_events,
        sum(coalesce(events.events, 0)) filter (outlooks.state = 'published') as told_events,
        min(outlooks.data_through) filter (outlooks.state = 'published') as data_through,
        min(outlooks.reason) filter (outlooks.state = 'source_failure') as failure
    from targets
    cross join members
    left join {{ ref("outlook") }} as outlooks
        on targets.target = outlooks.target and members.location = outlooks.location
    left join events
        on targets.target = events.target and members.location = events.location
    group by targets.target, members.grouping
),

decided as (
    select
        covered.*,
        {% for column in shown -%}
            numbers.{{ column }},
        {% endfor -%}
        world.state as world_state,
        world.reason as world_reason,
        targets.title,
        health.explanation as feed_explanation,
        coalesce(covered.told_events / nullif(covered.all_events, 0), 0) as share_of_events
    from covered
    inner join targets on covered.target = targets.target
    left join {{ source("forecasts", "outlook_groupings") }} as numbers
        on covered.target = numbers.target and covered.grouping = numbers.grouping
    left join {{ ref("outlook") }} as world
        on covered.target = world.target and world.location = 'WORLD'
    left join {{ ref("fct_feed_health") }} as health on targets.feed = health.feed
),

judged as (
    select
        *,
        case
            when world_state in ('source_failure', 'withheld') then world_state
            when members_published = 0 and failure is not null then 'source_failure'
            when
                usual_weekly is not null
                and share_of_events >= {{ var("grouping_least_share") }}
                then 'published'
            else 'insufficient_evidence'
        end as state,
        case
            when world_state in ('source_failure', 'withheld') then world_reason
            when members_published = 0 and failure is not null then failure
            when expected_4w is null or members_published = 0 then 'no member has an outlook'
            when usual_weekly is null then 'its members were never watched in the same week'
            when share_of_events < {{ var("grouping_least_share") }}
                then
                    'members with an outlook hold ' || cast(floor(100 * share_of_events) as integer)
                    || ' % of the events of the last 104 weeks, '
                    || cast(100 * {{ var("grouping_least_share") }} as integer) || ' % are needed'
        end as reason
    from decided
),

told as (
    select
        target,
        grouping,
        grouping_name,
        members,
        members_published as members_with_outlook,
        share_of_events,
        data_through,
        state,
        reason,
        title,
        feed_explanation,
        {% for column in shown -%}
            case when state = 'published' then {{ column }} end as {{ column }},
        {% endfor -%}
        case when state = 'published' then 4 * usual_weekly end as usual_4w,
        case when state = 'published' then 12 * usual_weekly end as usual_12w,
        {{ probability_of_trend() }} as p_trend
    from judged
)

select
    told.target,
    told.grouping,
    told.grouping_name,
    told.members,
    told.members_with_outlook,
    told.share_of_events,
    night.as_of,
    told.data_through,
    told.state,
    told.reason,
    told.evidence_grade,
    told.usual_weekly,
    told.usual_4w,
    told.usual_12w,
    told.expected_4w,
    told.low80_4w,
    told.high80_4w,
    told.expected_12w,
    told.low80_12w,
    told.high80_12w,
    told.p_above_usual_4w,
    told.p_zero_4w,
    told.trend,
    told.p_large_decrease,
    told.p_decrease,
    told.p_stable,
    told.p_increase,
    told.p_large_increase,
    case when night.mark <> '' then night.mark || ' ' else '' end
    || told.title || ', ' || told.grouping_name || ' (' || told.members_with_outlook || ' of '
    || told.members || ' members): '
    || case
        when told.state = 'published' then {{ sentence_with_numbers() }}
        else {{ sentence_without_numbers() }}
    end as sentence,
    told.model,
    told.run_id
from told
cross join night
