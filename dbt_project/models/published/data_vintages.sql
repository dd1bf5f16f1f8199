select
    feed,
    vintage_day,
    payload,
    retrieved_at,
    mode,
    size_bytes as bytes,
    row_count,
    rejected_count,
    is_repeat
from {{ source("raw", "vintages") }}
-- a second payload of the same day replaces the first
qualify
    row_number() over (partition by feed, vintage_day order by retrieved_at desc, payload asc) = 1
