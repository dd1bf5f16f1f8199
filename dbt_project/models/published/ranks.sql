-- what the outlook does not show has no place in an order
select
    ranks.scope,
    ranks.scope_value,
    ranks.target,
    ranks.location,
    ranks.location_level,
    ranks.rank,
    ranks.p_growth,
    ranks.rank_low80,
    ranks.rank_high80,
    ranks.p_top3
from {{ source("forecasts", "ranks") }} as ranks
inner join {{ ref("outlook") }} as outlook
    on ranks.target = outlook.target and ranks.location = outlook.location
where outlook.state = 'published'
