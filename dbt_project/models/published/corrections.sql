select
    target,
    reference_date,
    number,
    model,
    first_release_id,
    release_id,
    as_of,
    reason,
    changed,
    scored,
    scaled_wis_first,
    scaled_wis
from {{ source("live", "corrections") }}
