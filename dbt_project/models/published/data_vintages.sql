select
    feed,
    payload_day as vintage_day,
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
    row_number() over (partition by feed, payload_day order by copy_number desc) = 1
