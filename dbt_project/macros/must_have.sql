{#- One row a record and field that a feed must have: is it filled? Records with a day stand in its
    week. Those without one stand in the week of the newest copy if it is the first to hold them:
    no copy of a week before has them. `feed` is one of `must_have_fields`. -#}
{% macro records_with_fields(feed) -%}
    with read_rows as (
        select
            copy_number,
            vintage_day,
            {{ feed.day }} as record_day,
            hash({{ feed.key | join(", ") }}) as record_key,
            {% for field, value in feed.fields.items() -%}
                coalesce(trim(cast({{ value }} as varchar)), '') <> '' as has_{{ field }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from {{ source("raw", feed.feed) }}
        where {{ feed.where }}
    ),

    newest as (
        select
            copy_number,
            vintage_day
        from read_rows
        order by copy_number desc
        limit 1
    ),

    -- a part holds its own days, any other copy all of them
    dated as (
        select read_rows.*
        from read_rows
        cross join newest
        where
            read_rows.record_day is not null
            {% if not feed.is_parts -%}
                and read_rows.copy_number = newest.copy_number
            {%- endif %}
    ),

    undated as (
        select read_rows.*
        from read_rows
        inner join newest on read_rows.copy_number = newest.copy_number
        where read_rows.record_day is null
    ),

    known_before as (
        select distinct record_key
        from read_rows
        where
            copy_number = (
                select max(older.copy_number)
                from read_rows as older
                cross join newest
                where older.vintage_day <= newest.vintage_day - 7
            )
    ),

    has_past as (
        select count(*) > 0 as is_known from known_before
    ),

    new_undated as (
        select undated.*
        from undated
        cross join has_past
        where has_past.is_known and undated.record_key not in (select record_key from known_before)
    ),

    weekly as (
        select
            *,
            {{ week_of("record_day") }} as week,
            true as has_day
        from dated
        union all
        select
            new_undated.*,
            least({{ week_of("new_undated.vintage_day") }}, night.reference_week) as week,
            false as has_day
        from new_undated
        cross join night
    )

    {% for field in feed.fields.keys() | list + ["day"] -%}
        select
            '{{ feed.target }}' as target,
            '{{ field }}' as field,
            week,
            has_{{ field }} as is_filled
        from weekly
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}
