{#- The name of an event: 16 hexadecimal digits that stand for its parts, which stay behind. -#}
{% macro hash_key(parts) -%}
    left(md5(concat_ws('|', {{ parts | join(', ') }})), 16)
{%- endmacro %}

{#- Whether a day opens an event: nothing of the same kind in `repeat_days` before it. -#}
{% macro opens_event(day, previous_day) -%}
    coalesce({{ day }} - {{ previous_day }} > {{ var('repeat_days') }}, true)
{%- endmacro %}
