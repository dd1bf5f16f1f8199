{#- Why a feed is not well, by its `cause`: in short for the tables, as a sentence for readers. The
    errors' own words stay out of both, as they may name hosts. -#}

{#- What makes a failed feed's last good copy too old to forecast from; '' while it serves. -#}
{% macro past_limits() -%}
    case
        when is_overdue then ', limit ' || fresh_days || ' days'
        when is_silent then ', no event after ' || alive_day || ', limit ' || silent_weeks || ' weeks'
        else ''
    end
{%- endmacro %}

{% macro failure_reason() -%}
    case cause
        when 'left_out' then 'no weekly counts of it ship'
        when 'never' then 'no payload accepted by ' || as_of
        when 'attempt'
            then
                'the last attempt'
                || coalesce(' (' || cast(attempt_at as date) || ')', '')
                || ' failed, newest payload of ' || newest_vintage || {{ past_limits() }}
        when 'quarantine'
            then
                'the payload of ' || newest_quarantined
                || ' was set aside, newest accepted of ' || newest_vintage || {{ past_limits() }}
        when 'stale' then 'nothing since ' || newest_vintage || ', limit ' || fresh_days || ' days'
        when 'silent'
            then 'no event after ' || alive_day || ', limit ' || silent_weeks || ' weeks'
    end
{%- endmacro %}

{% macro failure_sentence() -%}
    case cause
        when 'left_out'
            then 'The starter leaves this feed out: no weekly counts of it ship with Threatcast.'
        when 'never' then 'The feed has given no data yet.'
        when 'attempt'
            then
                'The feed could not be had at the last attempt; its newest data are of '
                || newest_vintage || {{ past_limits() }} || '.'
        when 'quarantine'
            then
                'The data that the feed gave on ' || newest_quarantined
                || ' could not be used; its newest good data are of ' || newest_vintage
                || {{ past_limits() }} || '.'
        when 'stale'
            then
                'The feed has given nothing since ' || newest_vintage
                || ' (limit ' || fresh_days || ' days).'
        when 'silent'
            then
                'The feed shows no event after ' || alive_day
                || ' (limit ' || silent_weeks || ' weeks).'
    end
{%- endmacro %}
