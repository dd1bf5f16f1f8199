with night as (
    {{ this_night() }}
)

select
    members.grouping,
    groupings.grouping_name,
    members.location,
    members.since,
    members.until,
    groupings.source_url,
    members.since <= night.as_of and coalesce(members.until > night.as_of, true) as is_member,
    nullif(concat_ws('; ', groupings.note, members.note), '') as note
from {{ ref("grouping_members") }} as members
inner join {{ ref("groupings") }} as groupings on members.grouping = groupings.grouping
cross join night
