select
    location,
    location_level,
    location_name,
    parent,
    iso_alpha3,
    m49,
    note
from {{ ref("dim_locations") }}
