{{ config(meta={
    "description": "The shares of a week and kind add up to one.",
    "dagster": {"ref": {"name": "fct_phishing_mix"}},
}) }}
select
    week,
    kind,
    sum(share) as total_share
from {{ ref("fct_phishing_mix") }}
group by week, kind
having abs(sum(share) - 1) > 1e-9
