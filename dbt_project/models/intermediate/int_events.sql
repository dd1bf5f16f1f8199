with

targets as (
    select
        target,
        week_offset_days
    from {{ ref('targets') }}
),

{% for target, feed in counted_feeds().items() -%}
    {{ target }} as (
        select
            '{{ target }}' as target,
            event_key,
            location,
            event_day,
            known_from,
            known_to
        from {{ ref('int_' ~ feed ~ '__history') }}
    ),

{% endfor -%}

events as (
    {% for target in counted_feeds() -%}
        select * from {{ target }}
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

dated as (
    select
        events.target,
        events.event_key,
        events.location,
        events.event_day,
        {{ week_of('events.event_day + targets.week_offset_days') }} as week,
        events.known_from,
        events.known_to
    from events
    inner join targets
        on events.target = targets.target
)

select * from dated
