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
        {{ working_day("try_cast(left(start_date, 10) as date)") }} as start_day,
        {{ working_day("try_cast(left(added_to_db, 10) as date)") }} as added_day,
        {{ far_columns({"start_date": "start_date", "added_to_DB": "added_to_db"}) }} as far_columns
    from rows_as_read
)

select * from incidents
