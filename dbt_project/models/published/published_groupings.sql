select
    grouping,
    location,
    since,
    until,
    grouping_name,
    is_member,
    note,
    source_url
from {{ ref("dim_groupings") }}
