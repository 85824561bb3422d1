//! Workflows in files: templates written out, files checked without a server, and put on one.

use std::fs;

use crate::support::{Server, run, shipped_plugins};

const GOOD: &str = r"
id: thanks
title: Thank you
trigger: { plugin: event, config: { event: order_completed } }
steps:
  - id: thank
    send: { template: thanks }
templates:
  thanks:
    subject: Thank you
    mjml: <mjml><mj-body><mj-section><mj-column><mj-text>Thank you.</mj-text></mj-column></mj-section></mj-body></mjml>
goal: none
";

/// Checks a file of that name and text.
fn checked(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    let plugins = shipped_plugins();
    let check = [
        "workflow",
        "check",
        name,
        "--plugins",
        plugins.to_str().unwrap(),
    ];
    run(&check, folder.path())
}

#[test]
fn templates_are_listed_with_what_each_does() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("templates", run(&["new", "workflow"], folder.path()));
}

#[test]
fn a_template_becomes_a_file_and_never_replaces_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(
        run(&["new", "workflow", "--template", "win-back"], at),
        "exit 0\nwin-back.yaml: change what its comments name, then run signalbox workflow check win-back.yaml\n"
    );
    let text = fs::read_to_string(at.join("win-back.yaml")).unwrap();
    assert!(text.contains("\nid: win-back\n"), "{text}");
    assert_eq!(
        run(&["new", "workflow", "--template", "win-back"], at),
        "exit 1\nerror: win-back.yaml is there already: name another file with --out\n"
    );
    assert_eq!(fs::read_to_string(at.join("win-back.yaml")).unwrap(), text);

    let named = ["--id", "2026", "--out", "a.yaml"];
    let said = run(
        &[&["new", "workflow", "--template", "win-back"], &named[..]].concat(),
        at,
    );
    assert!(said.starts_with("exit 0\na.yaml: "), "{said}");
    let renamed = fs::read_to_string(at.join("a.yaml")).unwrap();
    assert_eq!(
        renamed,
        text.replace("\nid: win-back\n", "\nid: \"2026\"\n")
            .replace("value: win-back #", "value: \"2026\" #")
    );
    let said = run(
        &["new", "workflow", "--template", "cart", "--id", "My Cart"],
        at,
    );
    assert!(said.starts_with("exit 1\nerror: reading --id: "), "{said}");
    let said = run(&["new", "workflow", "--template", "flashmob"], at);
    assert!(
        said.starts_with("exit 2\nerror: invalid value 'flashmob'"),
        "{said}"
    );
}

#[test]
fn a_file_is_checked_as_a_put_would_check_it() {
    assert_eq!(
        checked("thanks.yaml", GOOD),
        "exit 0\n\
         thanks.yaml: the workflow says no type: write what kind of mail it sends, such as `welcome` (type_missing)\n\
         thanks.yaml: the workflow says no stage: write where its contacts stand, such as `explore` (stage_missing)\n\
         thanks.yaml: workflow thanks is good, 1 step and 1 template\n"
    );
    // Of each kind one: what rules, the core and templates find is told at once.
    let wrong = GOOD
        .replace("event: order_completed", "event: Order")
        .replace("{ template: thanks }", "{ template: thank_you }")
        .replace("Thank you.<", "{{ contact.name | shout }}<");
    assert_eq!(
        checked("thanks.yml", &wrong),
        "exit 1\n\
         thanks.yml:7:13: /steps/0/send/template: there is no template thank_you (template_unknown)\n    \
             templates of the workflow: thanks\n\
         thanks.yml:11:5: /templates/thanks/mjml: line 1, column 48: there is no filter `shout` (liquid_syntax)\n    \
             see the list of tags and filters in the guide on templates\n\
         thanks.yml:4:37: /trigger/config/event: \"Order\" does not match \"^[a-z][a-z0-9_]{0,99}$\" (schema)\n    \
             write what its schema allows here\n\
         error: the server would refuse thanks.yml: 3 problems\n"
    );
    let in_block = GOOD
        .replace("mjml: <", "mjml: |\n      <")
        .replace("Thank you.<", "\n        {{ contact.name | shout }}<");
    let said = checked("thanks.yaml", &in_block);
    let found = "thanks.yaml:13:9: /templates/thanks/mjml: line 2, column 3: there is no filter";
    assert!(said.contains(found), "{said}");
    let unknown = GOOD.replace("plugin: event", "plugin: evnet");
    let said = checked("thanks.yaml", &unknown);
    assert!(
        said.contains(
            "thanks.yaml:4:12: /trigger/plugin: no plugin is named evnet (plugin_unknown)"
        ),
        "{said}"
    );
}

#[test]
fn the_form_of_a_document_is_told_with_its_places() {
    let form = GOOD
        .replace("title: Thank you\n", "")
        .replace("    send:", "    sned:");
    assert_eq!(
        checked("thanks.yaml", &form),
        "exit 1\n\
         thanks.yaml:2:1: the document: \"title\" is a required property (schema)\n    \
             add it\n\
         thanks.yaml:5:5: /steps/0: Additional properties are not allowed ('sned' was unexpected) (schema)\n    \
             take it out, or write the name that is meant\n\
         error: the server would refuse thanks.yaml: 2 problems\n"
    );
    let zone = format!("{GOOD}zone: Europe/Atlantis\n");
    let said = checked("thanks.yaml", &zone);
    assert!(
        said.starts_with("exit 1\nthanks.yaml:13:1: /zone: "),
        "{said}"
    );
    assert_eq!(
        checked("thanks.json", "{\n  \"id\": \"a\",\n  \"id\": \"b\"\n}"),
        "exit 1\nerror: thanks.json:3:6: id stands there twice: take one of them out\n"
    );
    assert_eq!(
        checked("thanks.toml", "id = 1"),
        "exit 1\nerror: thanks.toml: its name ends in neither .yaml, .yml nor .json\n"
    );
    let large = format!("id: {}", "x".repeat(1024 * 1024));
    assert_eq!(
        checked("thanks.yaml", &large),
        "exit 1\nerror: thanks.yaml has more than 1048576 bytes: a document is smaller\n"
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thanks.yaml"), GOOD).unwrap();
    assert_eq!(
        run(
            &["workflow", "check", "thanks.yaml", "--plugins", "none"],
            folder.path()
        ),
        "exit 1\nerror: there is no folder none: name that of the plugins with --plugins\n"
    );
}

#[test]
fn a_file_is_put_and_its_workflow_led_through_its_states() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let plugins = at.join("plugins");
    fs::create_dir(&plugins).unwrap();
    fs::copy(
        shipped_plugins().join("event.wasm"),
        plugins.join("event.wasm"),
    )
    .unwrap();
    fs::write(at.join("thanks.yaml"), GOOD).unwrap();
    let server = Server::start(&["--clock", "manual"], at);
    let ask = |words: &[&str]| {
        let access = ["--url", &server.url, "--key-file", "data/admin.key"];
        run(&[&["workflow"], words, &access].concat(), at)
    };
    let advice = "thanks.yaml:2:1: the document: the workflow says no type (type_missing)\n    write what kind of mail it \
                  sends, such as `welcome`\nthanks.yaml:2:1: the document: the workflow says no stage \
                  (stage_missing)\n    write where its contacts stand, such as `explore`\n";
    for version in 1..=2 {
        assert_eq!(
            ask(&["put", "thanks.yaml"]),
            format!("exit 0\nworkflow thanks: version {version}, draft\n{advice}")
        );
    }
    for (action, state) in [
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("end", "ended"),
    ] {
        assert_eq!(
            ask(&[action, "thanks"]),
            format!("exit 0\nworkflow thanks: {state}\n")
        );
    }
    let bare = GOOD.replace("id: thanks\n", "id: bare\n");
    let bare = bare.replace(
        "<mj-text>",
        "<mj-image src=\"https://shop.example/hat.png\" /><mj-text>",
    );
    fs::write(at.join("bare.yaml"), bare).unwrap();
    ask(&["put", "bare.yaml"]);
    let failing = ask(&["start", "bare"]);
    assert!(failing.contains("409 (checklist_failed)"), "{failing}");
    let over = ["--override", "a hat is a hat", "--actor", "Ann Lee"];
    let alone = ask(&["start", "bare", "--override", "a hat is a hat"]);
    assert!(alone.contains("--actor <NAME>"), "{alone}");
    let schedule = ["schedule", "bare", "--at", "2100-01-01T00:00:00Z"];
    assert_eq!(
        ask(&[&schedule[..], &over].concat()),
        "exit 0\nworkflow bare: scheduled\n"
    );
    let refused = ask(&["start", "bare"]);
    assert!(refused.contains("409 (conflict)"), "{refused}");
    let refused = ask(&["start", "thanks"]);
    assert!(
        refused.starts_with("exit 1\nerror: asking for start of the workflow thanks: the server answered 409 (conflict): "),
        "{refused}"
    );
    fs::write(
        at.join("wrong.yaml"),
        GOOD.replace("id: thanks\n", "id: other\nzone: [UTC]\n"),
    )
    .unwrap();
    let refused = ask(&["put", "wrong.yaml"]);
    assert_eq!(
        refused,
        "exit 1\nwrong.yaml:3:1: /zone: [\"UTC\"] is not of type \"string\" (schema)\n    \
             see `GET /v1/schemas/workflow` for what can stand here\n\
         error: the server would refuse wrong.yaml: 1 problem\n"
    );
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}
