with speaking as (
    {{ speaking_models() }}
)

select
    scores.target,
    scores.location_level,
    scores.model,
    scores.question,
    scores.n,
    scores.origins,
    scores.score,
    scores.reference_score,
    scores.skill,
    scores.skill_low90,
    scores.skill_high90,
    scores.comb_two_score,
    scores.skill_to_comb_two,
    scores.covered_80,
    speaking.model is not null as is_published
from {{ source("forecasts", "probability_scores") }} as scores
left join speaking on scores.target = speaking.target and scores.model = speaking.model
