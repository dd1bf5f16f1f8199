select
    events.target,
    'location' as field,
    events.week,
    count(*) as records,
    count(*) filter (where events.location <> 'UNLOCATED') as filled
from {{ ref('int_events') }} as events
inner join {{ ref('targets') }} as targets on events.target = targets.target
where targets.levels = 'hierarchy'
group by events.target, events.week
