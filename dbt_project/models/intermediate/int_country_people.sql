select
    populations.location,
    populations.population,
    internet_shares.year as internet_year,
    round(populations.population * internet_shares.percent / 100) as internet_users
from {{ ref("populations") }} as populations
left join {{ ref("internet_shares") }} as internet_shares
    on populations.location = internet_shares.location
