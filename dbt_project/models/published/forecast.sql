with withheld as (
    select
        target,
        place as location,
        model,
        reason
    from {{ source("live", "drift") }}
    where scope = 'location' and state = 'withhold'
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
    end as state
from {{ source("forecasts", "forecast") }} as forecasts
left join withheld
    on
        forecasts.target = withheld.target
        and forecasts.location = withheld.location
        and forecasts.model = withheld.model
