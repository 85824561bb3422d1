//! A server's life: first start, events from a file, stop, and the commands on its folder.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use crate::support::{STATE_MAX, Server, run};

const CSV: &str = "contact,name,occurred_at,fields.value:number\n\
                   a,order_completed,2000-01-02T00:00:00Z,60\n\
                   b,order_completed,2000-01-03T00:00:00Z,10\n";

#[test]
fn first_start_leaves_a_key_and_a_stop_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let server = Server::start(&["--clock", "manual", "--log", "json"], at);
    let key = fs::read_to_string(at.join("data/admin.key")).unwrap();
    let mode = fs::metadata(at.join("data/admin.key"))
        .unwrap()
        .permissions()
        .mode();
    assert!(key.starts_with("sbx_") && mode & 0o777 == 0o600);

    let locked = run(&["store", "export", "--data", "data"], at);
    assert!(
        locked.starts_with("exit 1\nerror: "),
        "a store in use is left alone: {locked}"
    );

    fs::write(at.join("events.csv"), CSV).unwrap();
    let feed = [
        "feed",
        "events.csv",
        "--url",
        &server.url,
        "--key-file",
        "data/admin.key",
    ];
    let wound = run(
        &[&feed[..], &["--wind-clock", "--until", "+1d"]].concat(),
        at,
    );
    assert!(
        wound.starts_with("exit 0\n2 events posted in 2 batches"),
        "{wound}"
    );
    let again = run(&feed, at);
    assert!(
        again.starts_with("exit 0\n2 events posted in 1 batches"),
        "{again}"
    );

    server.signal("TERM");
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!log.join("\n").contains(key.trim()), "the log holds no key");

    let export = run(&["store", "export", "--data", "data"], at);
    assert_eq!(
        export.matches("order_completed").count(),
        export.matches("order_completed").count()
    );
    assert!(export.starts_with("exit 0\n"), "{export}");

    let server = Server::start(&["--clock", "manual"], at);
    assert_eq!(
        fs::read_to_string(at.join("data/admin.key")).unwrap(),
        key,
        "only the first start makes a key"
    );
    server.signal("INT");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn plugins_and_data_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let served = |plugins: &str| {
        let flags = [
            "--data",
            "data",
            "--plugins",
            plugins,
            "--listen",
            "127.0.0.1:0",
        ];
        run(&[&["serve"], &flags[..]].concat(), at)
    };
    let told = |plugins: &str, relation: &str, data: &str| {
        format!(
            "exit 1\nerror: plugins ({plugins}) {relation} data ({data}): whoever puts plugins there could change those \
             that were let in; let plugins name a folder apart from data\n"
        )
    };
    // Whether they are there or not.
    for is_made in [false, true] {
        if is_made {
            fs::create_dir_all(at.join("data/plugins/incoming")).unwrap();
            symlink("data/plugins", at.join("link")).unwrap();
            let inner = served("link");
            assert_eq!(inner, told("link", "lies within", "data"));
        }
        for (plugins, relation) in [
            ("data/plugins", "lies within"),
            ("data/plugins/incoming", "lies within"),
            ("other/../data/inbox", "lies within"),
            ("data", "is the same folder as"),
            (".", "holds"),
        ] {
            assert_eq!(served(plugins), told(plugins, relation, "data"));
        }
        assert_eq!(at.join("data").exists(), is_made);
    }
    // Kept plugins that are elsewhere by a link are looked for there.
    fs::remove_dir_all(at.join("data/plugins")).unwrap();
    fs::create_dir(at.join("elsewhere")).unwrap();
    symlink("../elsewhere", at.join("data/plugins")).unwrap();
    assert_eq!(
        served("elsewhere"),
        told("elsewhere", "is the same folder as", "data/plugins")
    );
}

#[test]
fn a_slow_client_gives_its_place_back() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = ["http.header_timeout_s=1", "http.connections_max=1"];
    let set = bounds.map(|setting| ["--set", setting]).concat();
    let server = Server::start(&[&["--clock", "manual"], &set[..]].concat(), folder.path());
    let said = |text: &str| {
        let address = server.url.strip_prefix("http://").unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(STATE_MAX)).unwrap();
        client.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!(said("GET /healthz HTT"), "");
    let whole = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = said(whole);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn commands_on_the_folder_keep_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(
        run(&["store", "export", "--data", "data"], at),
        "exit 1\nerror: data holds no store\n"
    );
    feed_and_stop(at, CSV);

    let store = |command: &[&str]| run(&[&["store"], command, &["--data", "data"]].concat(), at);
    let before = store(&["export"]);
    assert!(before.contains("order_completed"), "{before}");
    let checked = store(&["check"]);
    assert!(checked.ends_with("nothing is wrong\n"), "{checked}");
    let rebuilt = store(&["rebuild"]);
    assert!(
        rebuilt.starts_with("exit 0\nrebuilt: "),
        "from the journal alone: {rebuilt}"
    );
    assert_eq!(store(&["export"]), before);
    let reexecuted = store(&["reexecute"]);
    assert!(
        reexecuted.starts_with("exit 0\n")
            && reexecuted.ends_with("nothing to compare: the journal holds no decision\n"),
        "{reexecuted}"
    );
    assert!(store(&["trim"]).ends_with("nothing may go: there are not two verified snapshots\n"));
    let first = store(&["snapshot"]);
    assert!(
        first.starts_with("exit 0\nsnapshot data/snapshots/"),
        "{first}"
    );
    feed_and_stop(
        at,
        "contact,name,occurred_at\nc,order_completed,2000-01-04T00:00:00Z\n",
    );
    let second = store(&["snapshot"]);
    assert!(
        second.starts_with("exit 0\nsnapshot data/snapshots/") && second != first,
        "{second}"
    );
    let before = store(&["export"]);
    let rebuilt = store(&["rebuild"]);
    assert!(rebuilt.starts_with("exit 0\nrebuilt: "), "{rebuilt}");
    assert_eq!(store(&["export"]), before);
    let restored = store(&["restore"]);
    assert!(
        restored.starts_with("exit 0\nrestored data/snapshots/"),
        "{restored}"
    );
    assert_eq!(store(&["export"]), before);
    let trimmed = store(&["trim"]);
    assert!(
        trimmed.starts_with("exit 0\n") && trimmed.contains("files of the journal deleted"),
        "{trimmed}"
    );
    assert_eq!(store(&["export", "--out", "all.jsonl"]), "exit 0\n");
    let exported = fs::read_to_string(at.join("all.jsonl")).unwrap();
    assert_eq!(format!("exit 0\n{exported}"), before);
}

fn feed_and_stop(at: &Path, csv: &str) {
    let server = Server::start(&["--clock", "manual"], at);
    fs::write(at.join("events.csv"), csv).unwrap();
    let command = [
        "feed",
        "events.csv",
        "--url",
        &server.url,
        "--key-file",
        "data/admin.key",
        "--wind-clock",
    ];
    let fed = run(&command, at);
    assert!(fed.starts_with("exit 0\n"), "{fed}");
    server.signal("INT");
    assert_eq!(server.end().0, Some(0));
}
