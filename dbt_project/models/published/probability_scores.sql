select
    target,
    location_level,
    model,
    question,
    n,
    origins,
    score,
    reference_score,
    skill,
    skill_low90,
    skill_high90,
    comb_two_score,
    skill_to_comb_two,
    covered_80
from {{ source("forecasts", "probability_scores") }}
