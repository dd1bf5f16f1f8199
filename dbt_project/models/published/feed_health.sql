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
    title
from {{ ref("fct_feed_health") }}
