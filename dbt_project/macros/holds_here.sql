{#- Whether what a row of a seed says of a feed holds in this home: what is said of the publisher's list
    holds for all, what is said of a recording for those who have one of its copies, by their hashes.
    `row` is the seed's CTE (`feed, scope, payloads`); wants the CTE `vintages`. -#}
{% macro holds_here(row) -%}
    {{ row }}.scope = 'publisher'
    or exists (
        select 1
        from vintages
        where
            vintages.feed = {{ row }}.feed
            and list_contains(string_split({{ row }}.payloads, ' '), vintages.payload)
    )
{%- endmacro %}
