//! Commands that need no server: help, settings, keys, plugins.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{run, said, shipped_plugins, signalbox};

#[test]
fn help_says_what_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for command in [
        "",
        "serve",
        "config",
        "key",
        "key create",
        "plugin",
        "plugin new",
        "plugin check",
        "plugin inspect",
        "plugin test",
        "plugin bench",
        "plugin build",
        "new",
        "new workflow",
        "workflow",
        "workflow check",
        "workflow put",
        "workflow start",
        "workflow schedule",
        "table",
        "table put",
        "shadow",
        "shadow start",
        "feed",
        "store",
        "store restore",
        "demo",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        text.push_str("$ signalbox ");
        text.push_str(&arguments.join(" "));
        text.push('\n');
        text.push_str(run(&arguments, folder.path()).trim_end());
        text.push_str("\n\n");
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn settings_are_shown_and_mistakes_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("s.toml"),
        "listen = \"127.0.0.1:1\"\n[smtp]\nport = 25\n",
    )
    .unwrap();
    let output = signalbox()
        .args([
            "config",
            "--config",
            "s.toml",
            "--clock",
            "manual",
            "--set",
            "smtp.port=2525",
        ])
        .env("SIGNALBOX_LISTEN", "127.0.0.1:2")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = said(&output);
    for line in [
        "listen = \"127.0.0.1:2\" # from environment variable SIGNALBOX_LISTEN\n",
        "clock = \"manual\" # from --clock\n",
        "port = 2525 # from --set smtp.port\n",
        "transport = \"capture\"\n",
    ] {
        assert!(text.contains(line), "{line}in\n{text}");
    }
    assert_eq!(
        run(&["serve", "--clock", "sun"], folder.path()),
        "exit 1\nerror: --clock: clock: unknown variant `sun`, expected `real` or `manual`\n"
    );
    assert_eq!(
        run(&["config", "--config", "none.toml"], folder.path()),
        "exit 1\nerror: cannot read the config file none.toml: No such file or directory (os error 2)\n"
    );
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(
        run(&["key", "list", "--data", "data"], at),
        "exit 0\nthere are no keys\n"
    );
    let made = run(
        &[
            "key", "create", "shop", "--role", "ingest", "--data", "data",
        ],
        at,
    );
    let lines: Vec<&str> = made.lines().collect();
    assert!(
        lines[0] == "exit 0" && lines[1].starts_with("sbx_") && lines[1].len() == 68,
        "{made}"
    );
    let id = lines[2].split_whitespace().nth(1).unwrap();
    assert_eq!(
        lines[2],
        format!("key {id} for \"shop\" with the role ingest; it is shown this once:")
    );
    for (path, mode) in [("data", 0o700), ("data/keys.json", 0o600)] {
        assert_eq!(
            fs::metadata(at.join(path)).unwrap().permissions().mode() & 0o777,
            mode,
            "{path}"
        );
    }
    let listed = run(&["key", "list", "--data", "data"], at);
    assert!(
        listed.contains(&format!("{id}  ingest  20")) && listed.contains("shop"),
        "{listed}"
    );
    assert!(!listed.contains(lines[1]));
    assert_eq!(
        run(&["key", "revoke", id, "--data", "data"], at),
        format!("exit 0\nkey {id} is revoked\n")
    );
    assert_eq!(
        run(&["key", "revoke", id, "--data", "data"], at),
        format!("exit 1\nerror: revoking {id}: there is no key {id}\n")
    );
}

#[test]
fn plugins_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let good = run(
        &[
            "plugin",
            "check",
            shipped_plugins().join("event.wasm").to_str().unwrap(),
        ],
        folder.path(),
    );
    assert!(good.starts_with("exit 0\nevent 1.0.0: "), "{good}");
    assert!(good.contains("reads in its cases: "), "{good}");
    fs::write(folder.path().join("text.wasm"), "hello").unwrap();
    assert_eq!(
        run(&["plugin", "check", "text.wasm"], folder.path()),
        "exit 1\nerror: the server would refuse text.wasm (plugin_not_wasm): the file is not WebAssembly: it starts with \"hello\"\n"
    );
}
