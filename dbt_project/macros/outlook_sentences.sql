{#- The words of `published.outlook.sentence`. Plain English by fixed rules; a person who reads
    nothing else must not be misled, so ranges and probabilities always stand beside a number. -#}

{#- A whole number as people write it: 1,240. -#}
{% macro spoken_number(number) -%}
    format('{:,}', cast(round({{ number }}) as bigint))
{%- endmacro %}

{% macro spoken_percent(probability) -%}
    case
        when {{ probability }} >= 0.995 then 'over 99 %'
        else cast(round(100 * {{ probability }}) as integer) || ' %'
    end
{%- endmacro %}

{#- How a total of four weeks lies to the usual: the thresholds of the trend classes, so that the
    words never speak against the trend beside them. -#}
{% macro spoken_level(expected, usual) -%}
    case
        when abs({{ expected }} - {{ usual }}) <= greatest(0.15 * {{ usual }}, 1) then 'near'
        else
            case
                when abs({{ expected }} - {{ usual }}) <= greatest(0.15 * {{ usual }}, 4)
                    then 'a little '
                when abs({{ expected }} - {{ usual }}) <= 0.5 * {{ usual }} then ''
                else 'well '
            end
            || case when {{ expected }} > {{ usual }} then 'above' else 'below' end
    end
{%- endmacro %}

{% macro spoken_usual(usual) -%}
    case
        when {{ usual }} > 0 and {{ usual }} < 0.5 then 'the usual of less than 1'
        else 'the usual ' || {{ spoken_number(usual) }}
    end
{%- endmacro %}

{#- How probable the class is that `trend` names; `of` stands before the columns, as `outlooks.`. -#}
{% macro probability_of_trend(of="") -%}
    case {{ of }}trend
        {% for class in ["large_decrease", "decrease", "stable", "increase", "large_increase"] -%}
            when '{{ class }}' then {{ of }}p_{{ class }}
        {% endfor -%}
    end
{%- endmacro %}

{% macro spoken_trend(trend) -%}
    case {{ trend }}
        when 'large_decrease' then 'a large decrease'
        when 'decrease' then 'a decrease'
        when 'stable' then 'stable'
        when 'increase' then 'an increase'
        when 'large_increase' then 'a large increase'
    end
{%- endmacro %}

{#- The sentence of a published row; needs the columns of the outlook, `usual_4w`, `p_trend`,
    `reference_week`. -#}
{% macro sentence_with_numbers() -%}
    case
        when expected_4w = 0 then 'most likely none'
        else 'about ' || {{ spoken_number("expected_4w") }} || ' expected'
    end
    || ' in the next 4 weeks (80 % range '
    || {{ spoken_number("low80_4w") }} || ' to ' || {{ spoken_number("high80_4w") }}
    || case
        when data_through < {{ week_end("reference_week") }}
            then ', from data through ' || data_through
        else ''
    end
    || '), '
    || {{ spoken_level("expected_4w", "usual_4w") }} || ' ' || {{ spoken_usual("usual_4w") }}
    || case
        when p_trend >= 0.5
            then
                '; the trend is likely ' || {{ spoken_trend("trend") }}
                || ' (' || {{ spoken_percent("p_trend") }} || ').'
        -- the likeliest of five classes may still be unlikely
        else
            '; the direction is uncertain, likeliest ' || {{ spoken_trend("trend") }}
            || ' (' || {{ spoken_percent("p_trend") }} || ').'
    end
    -- a published row has a reason only where it borrows, or where the baseline stands in
    || case
        when reason like 'borrows from %'
            then ' Too sparse for a model of its own, it ' || reason || '.'
        when reason is not null
            then ' These are the baseline''s numbers: the usual model''s last forecasts fared worse.'
        else ''
    end
{%- endmacro %}

{#- The sentence of a row without numbers; needs `state`, `reason`, `feed_explanation`. -#}
{% macro sentence_without_numbers() -%}
    'no outlook. '
    || case
        when reason like 'places unknown:%'
            then
                'The newest records of the feed do not say where ('
                || substr(reason, 17) || ').'
        when state = 'source_failure'
            then coalesce(feed_explanation, 'The state of the feed is not known.')
        when reason = 'fixed_size_window'
            then
                'The feed is a window of fixed size: its volume says nothing, so only the mix '
                || 'is shown.'
        when reason like 'drift:%'
            then
                'It is withheld, because forecasts of the last months were further off than they '
                || 'said (' || substr(reason, 8) || ').'
        when state = 'withheld' then 'It is shown, not forecast.'
        when reason = 'no forecast was made' then 'No forecast was made.'
        else 'Too little is known: ' || reason || '.'
    end
{%- endmacro %}
