-- of the feeds that name what they found, one keeps the name beside each event
select
    'c2_servers' as target,
    tool as event_name,
    cast(date_trunc('week', event_day) as date) as week,
    count(*) as value
from {{ ref('int_c2_tracker__history') }}
group by all
