with night as (
    {{ this_night() }}
),

placed as (
    select
        events.target,
        'location' as field,
        events.week,
        events.location <> 'UNLOCATED' as is_filled
    from {{ ref('int_events') }} as events
    inner join {{ ref('targets') }} as targets on events.target = targets.target
    where targets.levels = 'hierarchy'
),

{% for feed in must_have_fields() -%}
    {{ feed.feed }} as (
        {{ records_with_fields(feed) }}
    ),

{% endfor -%}

records as (
    select * from placed
    {% for feed in must_have_fields() -%}
        union all
        select * from {{ feed.feed }}
    {% endfor -%}
)

select
    target,
    field,
    week,
    count(*) as records,
    count(*) filter (where is_filled) as filled
from records
group by target, field, week
