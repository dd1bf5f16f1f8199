{#- Values that a type can hold but no record can mean. One rule for all feeds: days from
    `first_working_day` to a year after the copy's own, years alike, numbers from 0 to a bound that
    the column names. What lies outside is null, and its column is named in `far_columns`.

    DuckDB's days go to the year 5,881,580, and one of 294,247 stops all that reckons in weeks. -#}

{#- A text that begins as a day, as that day whatever its year; null if it is none. -#}
{% macro day_written(text) -%}
    try_cast(regexp_extract({{ text }}, '^[+-]?[0-9]+-[0-9]{1,2}-[0-9]{1,2}') as date)
{%- endmacro %}

{% macro is_working_day(day) -%}
    {{ day }} between date '{{ var("first_working_day") }}'
    and vintage_day + {{ var("working_days_ahead") }}
{%- endmacro %}

{#- A day (or moment) in the working range, else null. -#}
{% macro working_day(day) -%}
    case when {{ is_working_day("cast(" ~ day ~ " as date)") }} then {{ day }} end
{%- endmacro %}

{#- A year in the working range, else null. -#}
{% macro working_year(year) -%}
    case when {{ is_working_day("make_date(case when " ~ year ~ " between 1 and 9999 then " ~ year ~ " end, 1, 1)") }} then {{ year }} end
{%- endmacro %}

{#- A number from 0 to `most`, else null. -#}
{% macro working_number(number, most) -%}
    case when {{ number }} between 0 and {{ most }} then {{ number }} end
{%- endmacro %}

{#- Names of the columns of a record whose value lies outside the working range; `days` maps names
    to texts, `others` to conditions. -#}
{% macro far_columns(days, others={}) -%}
    list_filter(
        [
            {%- for name, text in days.items() %}
            case
                when
                    regexp_matches({{ text }}, '^[+-]?[0-9]{5,}-')
                    or not coalesce({{ is_working_day(day_written(text)) }}, true)
                    then '{{ name }}'
            end{{ "," if not loop.last or others }}
            {%- endfor %}
            {%- for name, condition in others.items() %}
            case when {{ condition }} then '{{ name }}' end{{ "," if not loop.last }}
            {%- endfor %}
        ],
        lambda name: name is not null
    )
{%- endmacro %}
