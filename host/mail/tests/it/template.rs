//! Templates: what is refused, what is printed, and that nothing runs away.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};
use signalbox_mail::template::{
    Bound, Limits, Part, Problem, RenderError, Rendered, Root, Template, TemplateSource, View,
};

fn source(subject: &str, body: &str) -> TemplateSource {
    let mjml = format!(
        "<mjml><mj-body><mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section></mj-body></mjml>"
    );
    TemplateSource {
        subject: subject.to_owned(),
        mjml,
        text: None,
    }
}

fn view(contact: &Value) -> View {
    let event = json!({"name": "order_completed", "items": [{"name": "Tea", "price": 4.5}, {"name": "Cup & saucer"}], "total": 12});
    View::new()
        .with(Root::Contact, contact)
        .with(Root::Event, &event)
        .with(Root::Journey, &json!({"key": "order-7"}))
        .with(Root::Rule, &json!({"blocks": {"headline": "Just for you"}}))
        .with(Root::Workflow, &json!({"name": "thank you"}))
        .with(
            Root::Links,
            &json!({"unsubscribe": "https://example.com/u/abc?x=1&y=2"}),
        )
}

fn parse(source: &TemplateSource) -> Template {
    match Template::parse(source) {
        Ok(template) => template,
        Err(problems) => panic!("{}", list(&problems)),
    }
}

fn list(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let Problem {
            part,
            line,
            column,
            code,
            message,
            help,
        } = problem;
        writeln!(text, "{part} {line}:{column} {code}: {message} ({help})").unwrap();
    }
    text
}

fn render(body: &str, contact: &Value) -> Result<Rendered, RenderError> {
    parse(&source("subject", body)).render(&view(contact))
}

/// What a body comes to in the HTML part, without the layout around it.
fn html(body: &str, contact: &Value) -> String {
    let rendered = render(&format!("[[{body}]]"), contact).unwrap();
    rendered
        .html
        .split("[[")
        .nth(1)
        .unwrap()
        .split("]]")
        .next()
        .unwrap()
        .to_owned()
}

fn text_part(text: &str, contact: &Value) -> Result<String, RenderError> {
    let source = TemplateSource {
        text: Some(text.to_owned()),
        ..source("subject", "x")
    };
    parse(&source)
        .render(&view(contact))
        .map(|rendered| rendered.text)
}

fn codes(source: &TemplateSource) -> Vec<(&'static str, u32, u32)> {
    let problems = Template::parse(source).unwrap_err();
    problems
        .iter()
        .map(|problem| (problem.code, problem.line, problem.column))
        .collect()
}

#[test]
fn a_view_is_read_from_its_text() {
    let text = r#"{
        "contact": { "name": "Ada \u0026 Co", "gone": null, "vip": true, "rank": -3, "rate": 0.5 },
        "event": { "large": 18446744073709551615, "list": [1, "two"] },
        "secrets": { "key": "never seen" }
    }"#;
    let view: View = serde_json::from_str(text).unwrap();
    let cases = [
        ("{{ contact.name }}", "Ada & Co"),
        ("{{ contact.gone | default: 'nil' }}", "nil"),
        ("{{ contact.vip }}", "true"),
        ("{{ contact.rank }} {{ contact.rate }}", "-3 0.5"),
        ("{{ event.large }}", "18446744073709552000"),
        ("{{ event.list | join: '+' }}", "1+two"),
        ("{{ rule.key | default: 'nil' }}", "nil"),
    ];
    for (subject, expected) in cases {
        let rendered = parse(&source(subject, "body")).render(&view);
        assert_eq!(rendered.unwrap().subject, expected, "{subject}");
    }
    for bad in ["", "[]", r#"{"contact": }"#, r#"{"contact": {}} more"#] {
        assert!(serde_json::from_str::<View>(bad).is_err(), "{bad}");
    }
}

#[test]
fn values_are_printed_escaped_in_html_and_plain_in_subject_and_text() {
    let contact = json!({"first_name": "<script>\"O'Neil & Co\""});
    let template = parse(&source(
        "Hello {{ contact.first_name }}",
        "Hi {{ contact.first_name }}!",
    ));
    let rendered = template.render(&view(&contact)).unwrap();
    assert_eq!(rendered.subject, "Hello <script>\"O'Neil & Co\"");
    assert!(
        rendered
            .html
            .contains("Hi &lt;script&gt;&quot;O&#39;Neil &amp; Co&quot;!")
    );
    assert_eq!(rendered.text, "Hi <script>\"O'Neil & Co\"!\n");
}

#[test]
fn escaping_depends_on_the_last_filter() {
    let contact = json!({"a": "<i>", "b": "&amp;"});
    let cases = [
        ("{{ contact.a }}", "&lt;i&gt;"),
        ("{{ contact.b }}", "&amp;amp;"),
        ("{{ contact.a | escape }}", "&lt;i&gt;"),
        ("{{ contact.a | upcase }}", "&lt;I&gt;"),
        (
            "{{ contact.a | escape | append: contact.a }}",
            "&lt;i&gt;&lt;i&gt;",
        ),
        ("{{ contact.a | url_encode }}", "%3Ci%3E"),
        (
            "{{ contact.a | url_encode | append: contact.a }}",
            "%3Ci%3E&lt;i&gt;",
        ),
        ("{{ contact.a | raw }}", "<i>"),
        (
            "{{ contact.a | raw | append: contact.a }}",
            "&lt;i&gt;&lt;i&gt;",
        ),
        ("{{ contact.a | append: \" | raw\" }}", "&lt;i&gt; | raw"),
        ("{% assign x = contact.a | raw %}{{ x }}", "&lt;i&gt;"),
        (
            "{% capture x %}{{ contact.a }}{% endcapture %}{{ x | raw }}",
            "&lt;i&gt;",
        ),
        (
            "<a href=\"https://example.com/?q={{ contact.a }}\">x</a>",
            "<a href=\"https://example.com/?q=&lt;i&gt;\">x</a>",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(html(body, &contact), expected, "{body}");
    }
}

#[test]
fn values_are_never_rendered_twice() {
    let contact = json!({"name": "{{7*7}} {% for i in (1..9) %}", "token": "sb_0_ <!--sb:0-->"});
    let rendered = render("{{ contact.name }} {{ contact.token }}", &contact).unwrap();
    assert!(
        rendered
            .html
            .contains("{{7*7}} {% for i in (1..9) %} sb_0_ &lt;!--sb:0--&gt;")
    );
    assert_eq!(
        rendered.text,
        "{{7*7}} {% for i in (1..9) %} sb_0_ <!--sb:0-->\n"
    );
}

#[test]
fn a_missing_variable_takes_its_default() {
    let contact = json!({"last": "Lee", "nothing": null, "empty": ""});
    let printed = [
        ("{{ contact.first | default: 'friend' }}", "friend"),
        ("{{ contact.first | upcase | default: 'friend' }}", "friend"),
        ("{{ contact.deep.er | default: contact.last }}", "Lee"),
        ("{{ contact.empty }}", ""),
        ("{% if contact.first %}yes{% else %}no{% endif %}", "no"),
        (
            "{% if contact.first == 'x' %}yes{% else %}no{% endif %}",
            "no",
        ),
        ("{% unless contact.first %}no{% endunless %}", "no"),
        (
            "{% case contact.first %}{% when 'x' %}x{% else %}other{% endcase %}",
            "other",
        ),
        (
            "{% for item in event.none %}x{% else %}none{% endfor %}",
            "none",
        ),
        (
            "{% assign n = contact.first %}{{ n | default: 'friend' }}",
            "friend",
        ),
        (
            "{% for item in event.items %}{{ item.price | default: 'free' }} {% endfor %}",
            "4.5 free ",
        ),
    ];
    for (body, expected) in printed {
        assert_eq!(html(body, &contact), expected, "{body}");
    }
}

#[test]
fn a_hole_stops_the_message_and_names_its_variable() {
    let contact = json!({"last": "Lee", "nothing": null});
    let stopped = [
        ("{{ contact.first }}", "contact.first"),
        ("{{ contact.nothing }}", "contact.nothing"),
        ("{{ contact.first | upcase }}", "contact.first"),
        (
            "{{ contact.last | append: contact.first }}",
            "contact.first",
        ),
        (
            "{{ contact.first | default: contact.second }}",
            "contact.second",
        ),
        (
            "{{ contact.last | append: contact.first | default: 'x' }}",
            "contact.first",
        ),
        ("{{ event.items[5].name }}", "event.items.5.name"),
        ("{% for item in event.none %}x{% endfor %}", "event.none"),
        (
            "{% for item in event.items %}{{ item.price }}{% endfor %}",
            "item.price",
        ),
        ("{% assign n = contact.first %}{{ n }}", "contact.first"),
        (
            "{% assign n = contact.first | upcase %}{{ n }}",
            "contact.first",
        ),
        (
            "{% capture n %}{{ contact.first }}{% endcapture %}",
            "contact.first",
        ),
    ];
    for (body, variable) in stopped {
        let missing = RenderError::Missing {
            variable: variable.to_owned(),
            part: Part::Html,
        };
        assert_eq!(render(body, &contact).unwrap_err(), missing, "{body}");
    }
    let subject = parse(&source("Hi {{ contact.first }}", "x"))
        .render(&view(&contact))
        .unwrap_err();
    assert_eq!(
        subject,
        RenderError::Missing {
            variable: "contact.first".to_owned(),
            part: Part::Subject
        }
    );
}

#[test]
fn the_subject_is_one_line() {
    let contact = json!({"name": "Ann\r\nBcc: x@example.com\u{0}\u{2028}end"});
    let rendered = parse(&source("Hi {{ contact.name }}", "x"))
        .render(&view(&contact))
        .unwrap();
    assert_eq!(rendered.subject, "Hi Ann Bcc: x@example.com end");
    let empty = parse(&source("{% if contact.none %}x{% endif %}", "x")).render(&view(&contact));
    assert_eq!(empty.unwrap_err(), RenderError::EmptySubject);
    let long = json!({"name": "x".repeat(501)});
    let over = parse(&source("{{ contact.name }}", "x"))
        .render(&view(&long))
        .unwrap_err();
    assert_eq!(
        over,
        RenderError::Limit {
            bound: Bound::OutputBytes,
            part: Part::Subject
        }
    );
}

#[test]
fn every_problem_is_reported_at_once_and_in_its_place() {
    let source = TemplateSource {
        subject: "Hi {{ contact.name | shout }} {{ user.name }}".to_owned(),
        mjml: "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n<mj-txt>{{ contact. }}</mj-txt>\n<mj-button hreff=\"x\" width=\"{{ event.w }}px\">{% if %}</mj-button>\n{% include 'x' %}\n</mj-column></mj-section></mj-body></mjml>".to_owned(),
        text: Some("{% for x in event.items %}".to_owned()),
    };
    insta::assert_snapshot!(list(&Template::parse(&source).unwrap_err()));
}

#[test]
fn markup_mistakes_have_their_own_codes() {
    let cases = [
        ("<script>x</script>", "forbidden_element"),
        ("<p>never closed", "element_mismatch"),
        (
            "<a {% if contact.x %}href=\"y\"{% endif %}>x</a>",
            "liquid_between_attributes",
        ),
        ("<![CDATA[x]]>", "no_cdata"),
        ("sb_3_", "reserved_text"),
        ("{% if contact.x %}", "block_not_closed"),
        ("{% endif %}", "block_mismatch"),
        ("{% else %}", "tag_out_of_place"),
        (
            "{% if contact.x %}{% for a in event.items %}{% endif %}{% endfor %}",
            "block_mismatch",
        ),
        ("{{ contact.x", "tag_not_closed"),
        ("{{ env 'X' }}", "liquid_syntax"),
        ("{{ 'x' | env }}", "liquid_syntax"),
        ("{% render 'x' %}", "liquid_syntax"),
        ("{% sb_out contact.x %}", "liquid_syntax"),
        ("{% cycle contact.x %}", "liquid_syntax"),
        ("{% assign contact = 1 %}", "name_taken"),
        ("{{ env.HOME }}", "unknown_variable"),
        (
            "{% for x in event.items sb_weight 0 %}{% endfor %}",
            "unknown_variable",
        ),
    ];
    for (body, code) in cases {
        let found = codes(&source("x", body));
        assert!(
            found.iter().any(|(found, ..)| *found == code),
            "{body}: {found:?}"
        );
    }
    let document = |mjml: &str| TemplateSource {
        mjml: mjml.to_owned(),
        ..source("x", "x")
    };
    assert_eq!(codes(&document("<mjml></mjml>"))[0].0, "no_body");
    assert_eq!(
        codes(&document(
            "<mjml><mj-body><mj-include path=\"/etc/passwd\" /></mj-body></mjml>"
        ))[0]
            .0,
        "no_include"
    );
    assert_eq!(codes(&source("", "x"))[0].0, "empty_subject");
    assert_eq!(codes(&source("a\r\nb", "x"))[0].0, "line_break");
}

#[test]
fn liquid_survives_mjml() {
    let mjml = r#"<mjml>
  <mj-head>
    <mj-title>{{ event.name }}</mj-title>
    <mj-preview>{{ rule.blocks.headline }}</mj-preview>
    <mj-attributes><mj-all font-family="Arial" /><mj-class name="x" color="red" /></mj-attributes>
    <mj-style inline="inline">.box { color: {{ contact.color | default: "blue" }} }</mj-style>
  </mj-head>
  <mj-body>
    {% if event.total < 3 and contact.vip %}
    <mj-section><mj-column><mj-text>small</mj-text></mj-column></mj-section>
    {% endif %}
    {% if event.total >= 3 %}
    <mj-section background-color="{% if contact.vip %}gold{% else %}white{% endif %}">
      <mj-column>
        <mj-image src="https://example.com/{{ event.name }}.png" width="100px" />
        <mj-text css-class="box">{% for item in event.items %}<p class="box">{{ item.name }} {% if item.price > 4 %}dear{% endif %}</p>{% endfor %}</mj-text>
        <mj-button href="{{ links.unsubscribe }}">Leave {{ workflow.name }}</mj-button>
        <mj-table>{% for item in event.items %}<tr><td>{{ forloop.index }}</td><td>{{ item.name }}</td></tr>{% endfor %}</mj-table>
        <mj-raw><!-- kept out --><b>{{ journey.key }}</b>{% raw %}{{ literal }} <{% endraw %}</mj-raw>
        <mj-text>{% raw %}{{ one }} &amp; &lt;two&gt;{% endraw %}</mj-text>
      </mj-column>
    </mj-section>
    {% endif %}
  </mj-body>
</mjml>"#;
    let source = TemplateSource {
        subject: "x".to_owned(),
        mjml: mjml.to_owned(),
        text: None,
    };
    let rendered = parse(&source).render(&view(&json!({"vip": true}))).unwrap();
    let html = &rendered.html;
    for expected in [
        "<title>order_completed</title>",
        "Just for you",
        "gold",
        "https://example.com/order_completed.png",
        "alt=\"\"",
        "Tea dear",
        "Cup &amp; saucer",
        "href=\"https://example.com/u/abc?x=1&amp;y=2\"",
        "<b>order-7</b>",
        "{{ literal }} <",
        "{{ one }} &amp; &lt;two&gt;",
        "color: blue",
    ] {
        assert!(html.contains(expected), "{expected}\n{html}");
    }
    for unexpected in ["sb_", "<!--sb:", "{%", "small", "&gt;="] {
        assert!(!html.contains(unexpected), "{unexpected}\n{html}");
    }
    assert_eq!(html.matches("<td>2</td>").count(), 1);
    assert_eq!(
        html.matches("<tbody>").count(),
        html.matches("</tbody>").count(),
        "{html}"
    );
    insta::assert_snapshot!(rendered.text);
}

#[test]
fn the_text_part_is_made_from_the_markup_once() {
    let body = "<h1>Hello&nbsp;{{ contact.name }}</h1><p>See <a href=\"https://example.com/{{ contact.name }}\">your page</a>,\n<a href=\"https://example.com\">https://example.com</a>.</p><ul><li>one</li><li>two &amp; three</li></ul><img src=\"x\" alt=\"a cat\"/><br/>end<style>p {}</style>";
    let rendered = render(body, &json!({"name": "Ann"})).unwrap();
    insta::assert_snapshot!(rendered.text);
}

#[test]
fn what_is_no_liquid_in_the_markup_is_none_in_the_text_made_from_it() {
    let cases = [
        (
            "&#123;&#123; contact.name &#125;&#125;",
            "{{ contact.name }}",
        ),
        ("&#x7b;% if x %&#x7D;", "{% if x %}"),
        ("{<b>{ contact.name }}</b>", "{{ contact.name }}"),
        ("{<b>{{ contact.name }}</b>}", "{Ann}"),
        (
            "<a href=\"https://example.com/&#123;&#123;{{ contact.name | append: '&#123;' }}\">see</a>",
            "see (https://example.com/{{Ann&#123;)",
        ),
        ("<img src=\"x\" alt=\"&#123;&#123;x}}\"/>", "[{{x}}]"),
    ];
    for (body, expected) in cases {
        let rendered = render(body, &json!({"name": "Ann"})).unwrap();
        assert_eq!(rendered.text, format!("{expected}\n"), "{body}");
    }
}

#[test]
fn runaway_templates_end_quickly_with_the_name_of_their_bound() {
    let big = json!({"name": "x".repeat(200_000), "list": (0..5_000).map(|n| n.to_string()).collect::<Vec<_>>()});
    let doubling = format!(
        "{{% assign x = 'ab' %}}{}{{{{ x }}}}",
        "{% assign x = x | append: x %}".repeat(60)
    );
    let capturing = format!(
        "{{% assign x = 'ab' %}}{}{{{{ x }}}}",
        "{% capture x %}{{ x }}{{ x }}{% endcapture %}".repeat(60)
    );
    let nested = "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}";
    let heavy_body = format!(
        "{{% for a in (1..10000) %}}{}{{% endfor %}}",
        "{% if contact.name %}{% endif %}".repeat(500)
    );
    let cases: &[(&str, Bound)] = &[
        (nested, Bound::Steps),
        (&heavy_body, Bound::Steps),
        (&doubling, Bound::ValueBytes),
        (&capturing, Bound::ValueBytes),
        (
            "{% for a in (1..3000000000) %}x{% endfor %}",
            Bound::LoopTurns,
        ),
        (
            "{% for a in (1..10000) %}{{ contact.name }}{% endfor %}",
            Bound::OutputBytes,
        ),
        (
            "{% assign x = contact.name | replace: 'x', contact.name %}",
            Bound::ValueBytes,
        ),
        (
            "{% assign x = contact.list | join: contact.name %}",
            Bound::ValueBytes,
        ),
        (
            "{% for a in (1..10000) %}{% assign x = contact.list | uniq %}{% endfor %}",
            Bound::Steps,
        ),
        (
            "{% for a in (1..10000) %}{% if contact.list == contact.list %}{% endif %}{% endfor %}",
            Bound::Steps,
        ),
    ];
    for (template, bound) in cases {
        match text_part(template, &big) {
            Err(RenderError::Limit {
                bound: found,
                part: Part::Text,
            }) => assert_eq!(found, *bound, "{template:.80}"),
            other => panic!("{template:.80}: {other:?}"),
        }
    }
}

#[test]
fn sources_that_are_too_deep_or_too_long_are_refused() {
    let deep = "{% if contact.x %}".repeat(10_000) + &"{% endif %}".repeat(10_000);
    let brackets = format!("{{{{ {}1{} }}}}", "contact[".repeat(200), "]".repeat(200));
    let elements = "<div>".repeat(5_000) + &"</div>".repeat(5_000);
    let long_tag = format!("{{{{ '{}' }}}}", "x".repeat(5_000));
    for (body, code) in [
        (deep.as_str(), "too_deep"),
        (&brackets, "too_deep"),
        (&elements, "too_deep"),
        (&long_tag, "tag_too_long"),
        (&"x".repeat(600 * 1024), "source_too_long"),
        (&"{{ contact.x }}".repeat(30_000), "too_many_tags"),
    ] {
        let found = codes(&source("x", body));
        assert!(
            found.iter().any(|(found, ..)| *found == code),
            "{body:.40}: {found:.0?}"
        );
    }
}

#[test]
fn numbers_that_overflow_stop_the_message_only() {
    let contact = json!({"big": i64::MAX, "small": i64::MIN});
    for template in [
        "{{ contact.big | plus: 1 }}",
        "{{ contact.small | divided_by: -1 }}",
        "{{ 1 | divided_by: 0 }}",
    ] {
        let ended = text_part(template, &contact);
        assert!(
            !matches!(ended, Err(RenderError::Missing { .. })),
            "{template}: {ended:?}"
        );
    }
}

#[test]
fn dates_are_formatted_and_there_is_no_clock() {
    let contact = json!({"at": 1_790_000_000_000_i64, "day": "2027-02-03", "full": "2027-02-03T04:05:06+02:00", "word": "now"});
    let cases = [
        (
            "{{ contact.at | date: '%Y-%m-%d %H:%M' }}",
            "2026-09-21 14:13\n",
        ),
        ("{{ contact.day | date: '%d %B %Y' }}", "03 February 2027\n"),
        ("{{ contact.full | date: '%H:%M %z' }}", "04:05 +0200\n"),
        (
            "{{ contact.none | date: '%Y' | default: 'soon' }}",
            "soon\n",
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(
            text_part(&format!("{template}\n"), &contact).unwrap(),
            expected,
            "{template}"
        );
    }
    for template in [
        "{{ 'now' | date: '%Y' }}",
        "{{ 'today' | date: '%Y' }}",
        "{{ contact.word | date: '%Y' }}",
        "{{ contact.at | date: '%999999999d' }}",
        "{{ contact.at | date: '' }}",
    ] {
        assert!(
            matches!(
                text_part(template, &contact),
                Err(RenderError::Failed { .. })
            ),
            "{template}"
        );
    }
}

#[test]
fn the_variables_of_a_template_are_known() {
    let source = TemplateSource {
        text: Some("{% if contact.vip %}{{ event.items[0].name }}{% endif %}".to_owned()),
        ..source(
            "Hi {{ contact.first_name | default: 'friend' }}",
            "{% for item in event.items %}{{ item.name }}{% endfor %}",
        )
    };
    let template = parse(&source);
    let found: Vec<_> = template
        .variables()
        .iter()
        .map(|variable| {
            (
                variable.part,
                variable.path.as_str(),
                variable.has_default,
                variable.in_condition,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (Part::Subject, "contact.first_name", true, false),
            (Part::Html, "event.items", false, false),
            (Part::Text, "contact.vip", false, true),
            (Part::Text, "event.items[0].name", false, false),
        ]
    );
}

#[test]
fn a_default_stands_in_for_what_its_filters_are_handed_and_for_nothing_else() {
    let cases: [(&str, &[(&str, bool)]); 7] = [
        (
            "{{ contact.name | default: links.foo }}",
            &[("contact.name", true), ("links.foo", false)],
        ),
        (
            "{{ contact.last | append: links.foo | default: 'x' }}",
            &[("contact.last", true), ("links.foo", false)],
        ),
        (
            "{{ contact[links.x] | default: 'z' }}",
            &[("contact", true), ("links.x", false)],
        ),
        (
            "{{ contact[event.key].name }}",
            &[("contact", false), ("event.key", false)],
        ),
        (
            "{{ contact.orders[event.key].name | default: 'z' }}",
            &[("contact.orders", true), ("event.key", false)],
        ),
        (
            "{{ 'Dear ' | append: contact.name | default: 'x' }}",
            &[("contact.name", false)],
        ),
        (
            "{{ contact.name | upcase | default: 'x' }}",
            &[("contact.name", true)],
        ),
    ];
    for (subject, expected) in cases {
        let template = parse(&source(subject, "x"));
        let used = template.variables().iter();
        let found: Vec<_> = used
            .map(|variable| (variable.path.as_str(), variable.has_default))
            .collect();
        assert_eq!(found, expected, "{subject}");
    }
}

#[test]
fn a_template_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Template>();
    shared::<View>();
}

#[test]
fn limits_can_be_tightened() {
    let template = parse(&source("x", "{% for a in (1..50) %}{{ a }}{% endfor %}"));
    let tight = Limits {
        steps_max: 20,
        ..Limits::default()
    };
    let ended = template
        .render_within(&view(&json!({})), tight)
        .unwrap_err();
    assert_eq!(
        ended,
        RenderError::Limit {
            bound: Bound::Steps,
            part: Part::Html
        }
    );
}

#[test]
fn a_tag_begun_and_closed_by_one_percent_sign_is_told() {
    for text in [
        "{% raw %}{%}",
        "{%raw%}&{%}}endraw",
        "{% comment %}{%}",
        "{%}",
    ] {
        let told = Template::parse(&source("s", text)).unwrap_err();
        assert!(
            told.iter()
                .any(|problem| problem.code.ends_with("_not_closed")),
            "{text}: {told:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_source_panics(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{{", "}}", "{%", "%}", "if", "for", "x", "in", "contact", ".", "[", "]", "|", "default", ":", "'", "\"", "<",
            ">", "</", "mj-text", "mjml", "mj-body", "/>", " ", "-", "endif", "raw", "endraw", "é", "\n", "&", "=", "(1..2)",
        ]), 0..40)
    ) {
        let text = pieces.concat();
        let source = TemplateSource { subject: text.clone(), mjml: text.clone(), text: Some(text) };
        let _parsed = Template::parse(&source);
    }

    #[test]
    fn a_value_never_becomes_markup(value in ".{0,60}") {
        let contact = json!({"name": value});
        let template = parse(&source("s {{ contact.name }}", "[[{{ contact.name }}]]<a href=\"{{ contact.name }}\">x</a>"));
        let rendered = template.render(&view(&contact)).unwrap();
        let plain = parse(&source("s", "[[name]]<a href=\"name\">x</a>")).render(&view(&contact)).unwrap();
        prop_assert_eq!(rendered.html.matches('<').count(), plain.html.matches('<').count());
        prop_assert_eq!(rendered.html.matches('"').count(), plain.html.matches('"').count());
        prop_assert!(!rendered.subject.contains(['\r', '\n']));
    }
}
