//! `signalbox simulate` on a folder of files: what is expected of contacts, and what is wrong with them.

use std::{fs, path::Path};

use crate::support::{run, shipped_plugins};

const WORKFLOW: &str = r#"{
  "id": "welcome", "title": "Welcome", "goal": "none",
  "trigger": {"plugin": "event", "config": {"event": "signed_up"}},
  "steps": [
    {"id": "fork", "branch": {"arms": [{"segment": {"plugin": "audience", "config":
      {"attribute": {"name": "country", "operator": "eq", "value": "FR"}}}, "goto": "french"}], "otherwise": "hello"}},
    {"id": "french", "send": {"template": "french"}, "next": "end"},
    {"id": "hello", "send": {"template": "hello"}},
    {"id": "pause", "wait": {"for": "60d"}},
    {"id": "end", "exit": {"reason": "welcomed"}}
  ],
  "templates": {
    "hello": {"subject": "Hello", "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ contact.age }}</mj-text></mj-column></mj-section></mj-body></mjml>"},
    "french": {"subject": "Bonjour", "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Salut</mj-text></mj-column></mj-section></mj-body></mjml>"}
  }
}"#;
const CONTACTS: &str = "\
contact,email,country,age
ann,ann@example.com,FR,31
bob,bob@example.com,DE,40
cid,,DE,40
";
const TAPE: &str = r#"
{"contact": "bob", "name": "signed_up", "occurred_at": "2026-03-01T10:00:00Z"}
{"contact": "ann", "name": "signed_up", "occurred_at": "2026-03-01T09:00:00Z"}
{"contact": "cid", "name": "signed_up", "occurred_at": "2026-03-01T11:00:00Z"}
{"contact": "dee", "name": "looked_around", "occurred_at": "2026-03-01T11:00:00Z"}
"#;
const EXPECTED: &str = "\
contact,arm:fork,messages,outcome,entered
ann,0,french,welcomed,1
bob,otherwise,hello,inside,1
dee,-,-,-,0
cid,otherwise,-,,1
";

fn fill(at: &Path) {
    for (name, text) in [
        ("welcome.json", WORKFLOW),
        ("contacts.csv", CONTACTS),
        ("tape.jsonl", TAPE),
        ("expected.csv", EXPECTED),
    ] {
        fs::write(at.join(name), text).unwrap();
    }
}

fn simulate(at: &Path, more: &[&str]) -> String {
    let plugins = shipped_plugins();
    let plugins = plugins.to_string_lossy();
    let mut arguments = vec![
        "simulate",
        "--plugins",
        plugins.as_ref(),
        "--workflow",
        "welcome.json",
        "--contacts",
        "contacts.csv",
    ];
    arguments.extend(more);
    run(&arguments, at)
}

#[test]
fn what_is_expected_is_held_against_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fill(at);
    let expect = |table: &str| {
        let more = [
            "--tape",
            "tape.jsonl",
            "--out",
            "out.jsonl",
            "--expect",
            table,
        ];
        simulate(at, &more)
    };
    let good = expect("expected.csv");
    assert!(
        good.starts_with("exit 0\n") && good.ends_with("all 4 rows are as expected\n"),
        "{good}"
    );
    let wrong = EXPECTED.replace("ann,0,french", "ann,otherwise,french");
    let wrong = wrong.replace("bob,otherwise,hello,inside", "bob,otherwise,hello,welcomed");
    fs::write(at.join("wrong.csv"), wrong).unwrap();
    let differs = expect("wrong.csv");
    for part in [
        "exit 1\n",
        "line 2: contact ann in welcome: arm:fork is 0, expected otherwise\n",
        "line 3: contact bob in welcome: outcome is inside, expected welcomed\n",
        "error: 2 of 4 rows are not as expected\n",
    ] {
        assert!(differs.contains(part), "{part}: {differs}");
    }
    fs::write(at.join("unknown.csv"), "contact,mood\nann,good\n").unwrap();
    let unknown = expect("unknown.csv");
    assert!(
        unknown.starts_with("exit 1\n") && unknown.contains("nobody knows the column \"mood\""),
        "{unknown}"
    );
}

#[test]
fn what_happened_is_written_and_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fill(at);
    let more = [
        "--tape",
        "tape.jsonl",
        "--out",
        "out.jsonl",
        "--until",
        "+1d",
    ];
    let said = simulate(at, &more);
    insta::assert_snapshot!(said);
    let lines = fs::read_to_string(at.join("out.jsonl")).unwrap();
    let mails: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains("\"message\":{"))
        .collect();
    assert_eq!(mails.len(), 2, "{lines}");
    assert!(mails[0].contains(r#""subject":"Bonjour""#), "{}", mails[0]);
    assert!(mails[0].contains(r#""sha256":""#) && !mails[0].contains("raw"));
}

#[test]
fn a_tape_plays_through_named_segments() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fill(at);
    let workflow = WORKFLOW.replace(
        r#"{"plugin": "event", "config": {"event": "signed_up"}}"#,
        r#"{"plugin": "segment_entered", "config": {"segment": "big-spenders"}}"#,
    );
    fs::write(at.join("welcome.json"), workflow).unwrap();
    // The first goes by the second.
    let segments = [
        (
            "big.yaml",
            "name: big-spenders\ntitle: Spend much in France\nof: {all: [spenders, french]}\n",
        ),
        (
            "spenders.yaml",
            "name: spenders\ntitle: Have ordered\nrule:\n  plugin: audience\n  config: {count: {of: {event: order_completed}, operator: gte, value: 2}}\n",
        ),
        (
            "french.json",
            r#"{"name": "french", "title": "In France", "rule": {"plugin": "audience", "config":
            {"attribute": {"name": "country", "operator": "eq", "value": "FR"}}}}"#,
        ),
    ];
    let order = |contact: &str, day: u32| {
        format!(
            "{{\"contact\": \"{contact}\", \"name\": \"order_completed\", \"occurred_at\": \"2026-03-0{day}T09:00:00Z\"}}\n"
        )
    };
    let tape = [("ann", 1), ("bob", 1), ("ann", 2), ("bob", 2), ("ann", 3)];
    let tape: String = tape.map(|(contact, day)| order(contact, day)).concat();
    fs::write(at.join("orders.jsonl"), tape).unwrap();
    let expected = "contact,entered,messages\nann,1,french\nbob,0,-\n";
    fs::write(at.join("entered.csv"), expected).unwrap();
    let mut more = vec![
        "--tape",
        "orders.jsonl",
        "--out",
        "out.jsonl",
        "--expect",
        "entered.csv",
    ];
    for (name, text) in segments {
        fs::write(at.join(name), text).unwrap();
        more.extend(["--segment", name]);
    }
    let said = simulate(at, &more);
    assert!(said.ends_with("all 2 rows are as expected\n"), "{said}");
    let said = simulate(at, &more[..more.len() - 2]);
    for part in [
        "exit 1\nerror: the server would refuse big.yaml: 1 problem\n",
        "there is no segment \"french\" (segment_unknown)\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fill(at);
    let tape = r#"{"contact": "ann", "name": "signed_up"}
{"contact": "ann", "name": "Signed Up", "occurred_at": "2026-03-01T09:00:00Z"}
"#;
    fs::write(at.join("bad.jsonl"), tape).unwrap();
    let said = simulate(at, &["--tape", "bad.jsonl"]);
    for part in [
        "exit 1\n",
        "line 1: occurred_at is missing: say when it is fed\n",
        "line 2: /name: ",
        "error: 2 lines of bad.jsonl are wrong\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let unknown = WORKFLOW.replace("\"event\", \"config\"", "\"nobody\", \"config\"");
    fs::write(at.join("welcome.json"), unknown).unwrap();
    let said = simulate(at, &["--tape", "tape.jsonl"]);
    for part in [
        "exit 1\nerror: the server would refuse welcome.json: 1 problem\nwelcome.json:3:15: ",
        ": /trigger/plugin: no plugin is named nobody (plugin_unknown)\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
