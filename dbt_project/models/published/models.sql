select
    model,
    title,
    description,
    method,
    reference,
    limits,
    is_champion_of
from {{ source("forecasts", "models") }}
