{#- Text as UTC timestamp without zone; null if it cannot be read. Naive text is UTC. A plain cast
    would drop an offset without a word. -#}
{% macro utc_timestamp(text) -%}
    case
        when regexp_matches({{ text }}, ':.*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$')
            then timezone('UTC', try_cast({{ text }} as timestamptz))
        else try_cast({{ text }} as timestamp)
    end
{%- endmacro %}
