with

rows_as_read as (
    select * from {{ source('raw', 'eurepoc') }}
),

incidents as (
    select
        copy_number,
        vintage_day,
        payload,
        id as incident,
        release,
        receiver_countries as receivers_written,
        incident_type,
        try_cast(left(start_date, 10) as date) as start_day,
        try_cast(left(added_to_db, 10) as date) as added_day
    from rows_as_read
)

select * from incidents
