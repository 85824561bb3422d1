//! Keys and signatures on disk: who may read them, and what is never written over.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use signalbox_model::id::Digest;

use crate::support::{Server, run, shipped_plugins};

#[test]
fn a_key_is_kept_from_others_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let drawn = run(&["plugin", "keygen", "eva"], at);
    let key = fs::read_to_string(at.join("eva.key")).unwrap();
    let mode = fs::metadata(at.join("eva.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let public = drawn.lines().nth(1).unwrap().strip_prefix("eva ").unwrap();
    assert_eq!(public.len(), 64);
    let secret = key.lines().nth(1).unwrap().strip_prefix("secret ").unwrap();
    assert!(!drawn.contains(secret));

    let again = run(&["plugin", "keygen", "eva"], at);
    assert!(
        again.starts_with("exit 1\nerror: making the file eva.key: "),
        "{again}"
    );
    assert_eq!(fs::read_to_string(at.join("eva.key")).unwrap(), key);
    let nobody = run(&["plugin", "keygen", "eva maria"], at);
    assert!(nobody.starts_with("exit 2\n"), "{nobody}");
}

#[test]
fn a_signature_comes_from_a_key_that_nobody_else_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::copy(shipped_plugins().join("event.wasm"), at.join("event.wasm")).unwrap();
    run(&["plugin", "keygen", "eva"], at);
    let sign = ["plugin", "sign", "event.wasm", "--secret-key", "eva.key"];
    let signed = run(&sign, at);
    assert!(
        signed.starts_with("exit 0\nevent.wasm.sig: signed with "),
        "{signed}"
    );
    let signature = fs::read_to_string(at.join("event.wasm.sig")).unwrap();
    assert!(signature.starts_with("signalbox plugin signature 1\ndigest "));
    // The same bytes by the same key have the same signature.
    run(&sign, at);
    assert_eq!(
        fs::read_to_string(at.join("event.wasm.sig")).unwrap(),
        signature
    );
    let mut names: Vec<_> = fs::read_dir(at)
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["eva.key", "event.wasm", "event.wasm.sig"]);

    fs::set_permissions(at.join("eva.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = run(&sign, at);
    assert_eq!(
        exposed,
        "exit 1\nerror: eva.key can be read by others: run chmod 600 on it\n"
    );
    fs::write(at.join("other.key"), signature).unwrap();
    fs::set_permissions(at.join("other.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let none = ["plugin", "sign", "event.wasm", "--secret-key", "other.key"];
    assert_eq!(
        run(&none, at),
        "exit 1\nerror: other.key is no secret key: line 1 should be `signalbox secret key 1`\n"
    );
}

#[test]
fn nothing_is_released_but_what_was_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("plugins")).unwrap();
    fs::copy(
        shipped_plugins().join("event.wasm"),
        at.join("plugins/event.wasm"),
    )
    .unwrap();
    fs::copy(at.join("plugins/event.wasm"), at.join("copy.wasm")).unwrap();
    fs::write(at.join("other.wasm"), "other bytes").unwrap();
    let other = Digest::of_bytes(b"other bytes").to_string();
    run(&["plugin", "keygen", "tom"], at);

    let inspected = run(&["plugin", "inspect", "copy.wasm"], at);
    let after = |text: &str| inspected.split_once(text).unwrap().1;
    let version = after("\nevent ").split_once(':').unwrap().0;
    let own = after(", digest ").lines().next().unwrap();

    let server = Server::start(&["--clock", "manual"], at);
    let release = |held_to: &[&str]| {
        let plugin = format!("event@{version}");
        let command = ["plugin", "release", &plugin, "--secret-key", "tom.key"];
        let reached = ["--url", &server.url, "--key-file", "data/admin.key"];
        run(&[&command[..], &reached[..], held_to].concat(), at)
    };
    let other_than = |source: &str| {
        format!(
            "exit 1\nerror: the server has other bytes of event {version} ({own}) than {source} ({other}): nothing is released\n"
        )
    };
    assert_eq!(release(&["--file", "other.wasm"]), other_than("other.wasm"));
    assert_eq!(release(&["--digest", &other]), other_than("--digest"));
    assert_eq!(
        release(&["--file", "copy.wasm", "--digest", &other]),
        format!(
            "exit 1\nerror: copy.wasm has other bytes ({own}) than --digest says ({other}): nothing is released\n"
        )
    );
    let misread = release(&["--digest", "12"]);
    assert!(misread.starts_with("exit 2\n"), "{misread}");
    // What was looked at is sent; this server asks for no releases.
    for held_to in [
        &["--digest", own][..],
        &["--file", "copy.wasm"],
        &["--file", "copy.wasm", "--digest", own],
    ] {
        let sent = release(held_to);
        let refused = "the server answered 409 (conflict): releases are not asked for here";
        assert!(sent.contains(refused), "{sent}");
    }
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn a_signature_is_written_through_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.wasm"), "bytes").unwrap();
    fs::write(at.join("victim"), "as it was").unwrap();
    run(&["plugin", "keygen", "eva"], at);
    for planted in ["a.wasm.sig.part", "a.wasm.sig"] {
        symlink("victim", at.join(planted)).unwrap();
        let signed = run(&["plugin", "sign", "a.wasm", "--secret-key", "eva.key"], at);
        assert!(signed.starts_with("exit 0\n"), "{signed}");
        let written = fs::symlink_metadata(at.join("a.wasm.sig")).unwrap();
        assert!(written.is_file());
        assert!(!at.join("a.wasm.sig.part").exists());
        assert_eq!(fs::read_to_string(at.join("victim")).unwrap(), "as it was");
        fs::remove_file(at.join("a.wasm.sig")).unwrap();
    }
}

#[test]
fn what_is_no_plain_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    symlink("/dev/zero", at.join("endless.wasm")).unwrap();
    run(&["plugin", "keygen", "eva"], at);
    for command in [
        &["inspect", "endless.wasm"][..],
        &["test", "endless.wasm"],
        &["sign", "endless.wasm", "--secret-key", "eva.key"],
    ] {
        assert_eq!(
            run(&[&["plugin"], command].concat(), at),
            "exit 1\nerror: reading endless.wasm: it is no plain file\n"
        );
    }
}
