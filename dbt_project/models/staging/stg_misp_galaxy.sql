with

rows_as_read as (
    select * from {{ source('raw', 'misp_galaxy') }}
),

{{ newest_copy('rows_as_read') }},

names as (
    select
        copy_number,
        vintage_day,
        galaxy,
        uuid,
        value as entry_name,
        synonyms,
        country as attributed_country,
        version as galaxy_version
    from newest
)

select * from names
