with

rows_as_read as (
    select * from {{ source('raw', 'c2_tracker') }}
),

renames as (
    select * from {{ ref('tool_renames') }}
),

servers as (
    select
        rows_as_read.copy_number,
        rows_as_read.vintage_day,
        rows_as_read.payload,
        rows_as_read.address,
        rows_as_read.ipv6_key,
        coalesce(renames.tool, rows_as_read.tool) as tool
    from rows_as_read
    left join renames
        on rows_as_read.tool = renames.spelling
)

select * from servers
