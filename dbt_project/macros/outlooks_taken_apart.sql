{#- The published outlooks whose number the night took apart: not those for which the baseline stands
    in. -#}
{% macro outlooks_taken_apart() -%}
    select
        outlook.target,
        outlook.location,
        outlook.model,
        outlook.run_id,
        outlook.as_of
    from {{ ref("outlook") }} as outlook
    left join {{ source("live", "stand_in") }} as stand_ins
        on outlook.target = stand_ins.target and outlook.location = stand_ins.location
    where outlook.state = 'published' and stand_ins.target is null
{%- endmacro %}
