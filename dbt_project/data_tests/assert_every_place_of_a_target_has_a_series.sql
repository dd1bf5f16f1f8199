-- dim_series has one row for each target and location at which the target is defined, no more.
{{ config(meta={
    "description": "Every location at which a target is defined has a row in `dim_series`, and no other has.",
    "dagster": {"ref": {"name": "dim_series"}},
}) }}
with defined as (
    select
        targets.target,
        places.location
    from {{ ref("targets") }} as targets
    inner join {{ ref("locations") }} as places
        on targets.levels = 'hierarchy' or places.location = 'WORLD'
)

select
    defined.target,
    defined.location,
    series.target as series_target,
    series.location as series_location
from defined
full outer join {{ ref("dim_series") }} as series
    on defined.target = series.target and defined.location = series.location
where defined.target is null or series.target is null
