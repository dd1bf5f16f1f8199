with outlooks as (
    select * from {{ ref("outlook") }}
),

history as (
    select * from {{ source("history", "outlook_history") }}
),

newest as (
    select
        release_id,
        as_of
    from history
    order by as_of desc, release_id desc
    limit 1
),

before as (
    select history.*
    from history
    inner join newest on history.release_id = newest.release_id
),

-- a new copy of the feed was read since: its counts may be others, of whatever week
copies as (
    select
        feed,
        max(payload_day) as newest_copy
    from {{ source("raw", "vintages") }}
    where not is_repeat
    group by feed
),

shifts as (
    select
        target,
        location,
        max(noticed_week) as noticed_week,
        max_by(week, noticed_week) as week,
        max_by(ratio, noticed_week) as ratio
    from {{ ref("level_shifts") }}
    group by target, location
),

models_changed as (
    select
        target,
        model_before,
        model,
        max_by(reason, since) as reason
    from {{ ref("model_changes") }}
    group by target, model_before, model
),

pairs as (
    select
        outlooks.target,
        outlooks.location,
        outlooks.location_level,
        outlooks.location_name,
        outlooks.as_of,
        newest.as_of as previous_as_of,
        newest.release_id as previous_release_id,
        before.state as state_before,
        outlooks.state,
        before.expected_4w as expected_4w_before,
        outlooks.expected_4w,
        before.low80_4w as low80_4w_before,
        before.high80_4w as high80_4w_before,
        before.usual_4w as usual_4w_before,
        outlooks.usual_4w,
        before.p_above_usual_4w as p_above_usual_4w_before,
        outlooks.p_above_usual_4w,
        before.data_through as data_through_before,
        outlooks.data_through,
        before.model as model_before,
        outlooks.model,
        outlooks.reason as state_reason,
        models_changed.reason as model_reason,
        shifts.week as shifted_week,
        shifts.ratio as shifted_ratio,
        coalesce(shifts.noticed_week > before.data_through, false) as is_shifted,
        coalesce(copies.newest_copy > newest.as_of, false) as has_new_copy,
        coalesce(
            [before.state, before.model] = [outlooks.state, outlooks.model]
            and before.expected_4w is not distinct from outlooks.expected_4w
            and before.low80_4w is not distinct from outlooks.low80_4w
            and before.high80_4w is not distinct from outlooks.high80_4w
            and before.expected_12w is not distinct from outlooks.expected_12w
            and before.low80_12w is not distinct from outlooks.low80_12w
            and before.high80_12w is not distinct from outlooks.high80_12w,
            false
        ) as is_same
    from outlooks
    cross join newest
    left join before
        on outlooks.target = before.target and outlooks.location = before.location
    left join {{ ref("dim_targets") }} as targets on outlooks.target = targets.target
    left join copies on targets.feed = copies.feed
    left join shifts
        on outlooks.target = shifts.target and outlooks.location = shifts.location
    left join models_changed
        on
            outlooks.target = models_changed.target
            and before.model = models_changed.model_before
            and outlooks.model = models_changed.model
),

-- the first cause that holds: what a reader must know before he reads the numbers comes first
explained as (
    select
        *,
        case
            when is_same then 'none'
            when state_before is null then 'new_target'
            when 'source_failure' in (state, state_before) and state <> state_before then 'feed'
            when state <> state_before then 'evidence'
            when model <> model_before then 'model'
            when is_shifted then 'level_shift'
            when data_through > data_through_before or has_new_copy then 'new_counts'
            else 'calculation'
        end as cause
    from pairs
)

select
    target,
    location,
    location_level,
    location_name,
    as_of,
    previous_as_of,
    previous_release_id,
    state_before,
    state,
    expected_4w_before,
    expected_4w,
    usual_4w_before,
    usual_4w,
    p_above_usual_4w_before,
    p_above_usual_4w,
    data_through_before,
    data_through,
    model_before,
    model,
    cause,
    expected_4w - expected_4w_before as change_4w,
    -- more than the range before allowed for: news, not noise
    expected_4w not between low80_4w_before and high80_4w_before as is_beyond_range,
    case cause
        when 'none' then 'nothing changed'
        when 'new_target' then 'the release before did not have this row'
        when 'feed'
            then case
                when state = 'source_failure' then coalesce(state_reason, 'the source failed')
                else 'the source is back'
            end
        when 'evidence'
            then coalesce(state_reason, 'there is enough evidence now, and was not before')
        when 'model'
            then
                'the model ' || model || ' speaks instead of ' || model_before
                || coalesce(': ' || model_reason, '')
        when 'level_shift'
            then
                'counts stand at another level since the week of ' || shifted_week
                || coalesce(', ' || round(shifted_ratio, 2) || ' times the one before', '')
        when 'new_counts'
            then case
                when data_through > data_through_before
                    then 'counts through ' || data_through || ' instead of ' || data_through_before
                else 'a new copy of the source changed earlier counts'
            end
        else 'the same counts and model; the code or the settings differ'
    end as reason
from explained
