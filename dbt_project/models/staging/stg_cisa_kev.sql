with

rows_as_read as (
    select * from {{ source('raw', 'cisa_kev') }}
),

vulnerabilities as (
    select
        copy_number,
        vintage_day,
        payload,
        cwes,
        upper(trim(cveid)) as cve,
        nullif(trim(vendorproject), '') as vendor,
        knownransomwarecampaignuse = 'Known' as is_used_by_ransomware,
        {{ working_day("try_cast(dateadded as date)") }} as listed_day,
        {{ working_day("try_cast(duedate as date)") }} as due_day,
        {{ far_columns({"dateAdded": "dateadded", "dueDate": "duedate"}) }} as far_columns
    from rows_as_read
)

select * from vulnerabilities
