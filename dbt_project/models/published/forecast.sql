with withheld as (
    select
        target,
        place as location,
        model,
        reason
    from {{ source("live", "drift") }}
    where scope = 'location' and state = 'withhold'
),

outlooks as (
    select * from {{ ref("outlook") }}
)

select
    forecasts.target,
    forecasts.location,
    forecasts.model,
    forecasts.reference_date,
    forecasts.horizon,
    forecasts.target_week,
    forecasts.quantile,
    forecasts.value,
    -- the numbers stay to be scored, or a place could never come back
    case
        when withheld.reason is null then forecasts.state
        else concat_ws('; ', nullif(forecasts.state, ''), 'withheld, ' || withheld.reason)
    end as state,
    -- of each place what its outlook rests on, be it the target's model or one that stands in
    coalesce(forecasts.model = outlooks.model, false) as is_published
from {{ source("forecasts", "forecast") }} as forecasts
left join withheld
    on
        forecasts.target = withheld.target
        and forecasts.location = withheld.location
        and forecasts.model = withheld.model
left join outlooks
    on forecasts.target = outlooks.target and forecasts.location = outlooks.location
