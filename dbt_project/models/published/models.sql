with speaking as (
    {{ speaking_models() }}
),

targets as (
    select
        model,
        string_agg(target, ', ' order by target) as published_for
    from speaking
    group by model
)

select
    models.model,
    models.title,
    models.description,
    models.method,
    models.reference,
    models.limits,
    coalesce(targets.published_for, '') as published_for
from {{ source("forecasts", "models") }} as models
left join targets on models.model = targets.model
