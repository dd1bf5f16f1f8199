with

kinds as (
    select * from {{ ref('vintage_kinds') }}
),

vintages as (
    select * from {{ source('raw', 'vintages') }}
),

context as (
    select * from {{ source('raw', 'run_context') }}
),

-- what is said of a recording holds for those who have a copy of it; the sample imitates them
held as (
    select
        kinds.feed,
        kinds.first_day,
        kinds.last_day,
        kinds.kind
    from kinds
    cross join context
    where
        context.source = 'sample'
        or kinds.scope = 'publisher'
        or exists (
            select 1
            from vintages
            where
                vintages.feed = kinds.feed
                and list_contains(string_split(kinds.payloads, ' '), vintages.payload)
        )
)

select * from held
