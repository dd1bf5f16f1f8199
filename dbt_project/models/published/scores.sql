{% set columns = [
    "target",
    "location",
    "model",
    "reference_date",
    "horizon",
    "kind",
    "as_of_kind",
    "wis",
    "scaled_wis",
    "covered_50",
    "covered_80",
    "covered_95",
    "scale",
    "log_wis",
    "pit_low",
    "pit_high",
    "state",
] %}

with speaking as (
    {{ speaking_models() }}
),

scores as (
    select {{ columns | join(", ") }}
    from {{ source("forecasts", "scores") }}
    union all
    select {{ columns | join(", ") }}
    from {{ source("live", "scores") }}
)

select
    scores.*,
    speaking.model is not null as is_published
from scores
left join speaking on scores.target = speaking.target and scores.model = speaking.model
