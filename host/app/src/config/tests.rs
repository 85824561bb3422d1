//! The layers of settings: text in, text out.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{layers, *};
use crate::cli::Settings;

struct Case {
    file: Option<&'static str>,
    mode: u32,
    variables: &'static [(&'static str, &'static str)],
    set: &'static [&'static str],
}

const NOTHING: Case = Case {
    file: None,
    mode: 0o644,
    variables: &[],
    set: &[],
};

/// The settings that differ from the defaults, a line each, or the error.
fn loaded(case: &Case) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings {
        set: case.set.iter().map(ToString::to_string).collect(),
        ..Settings::default()
    };
    if let Some(text) = case.file {
        let path = folder.path().join("signalbox.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(case.mode)).unwrap();
        settings.config = Some(path);
    }
    let variables = case
        .variables
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    match load(&settings.into(), variables) {
        Ok(loaded) => {
            let table = layers::table_of(&loaded.config);
            let lines = loaded
                .origins
                .keys()
                .filter_map(|key| Some(format!("{key} = {}", layers::find(&table, key)?)));
            lines.collect::<Vec<_>>().join("\n")
        }
        Err(error) => error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), ""),
    }
}

#[test]
fn later_layers_win() {
    let file = Some(
        "listen = '127.0.0.1:1'\n[smtp]\nport = 25\nhost = 'a.example'\n[limits.rules]\ndeadline_ms = 7\n",
    );
    assert_eq!(
        loaded(&Case { file, ..NOTHING }),
        "limits.rules.deadline_ms = 7\nlisten = \"127.0.0.1:1\"\nsmtp.host = \"a.example\"\nsmtp.port = 25"
    );
    let variables: &[_] = &[
        ("SIGNALBOX_SMTP__PORT", "26"),
        ("SIGNALBOX_LISTEN", "127.0.0.1:2"),
        ("SIGNALBOX_CONFIG", "x"),
        ("HOME", "/"),
    ];
    assert_eq!(
        loaded(&Case {
            file,
            variables,
            ..NOTHING
        }),
        "limits.rules.deadline_ms = 7\nlisten = \"127.0.0.1:2\"\nsmtp.host = \"a.example\"\nsmtp.port = 26"
    );
    let set: &[_] = &["listen=127.0.0.1:3", "limits.rules.deadline_ms=1_000"];
    assert_eq!(
        loaded(&Case {
            file,
            variables,
            set,
            ..NOTHING
        }),
        "limits.rules.deadline_ms = 1000\nlisten = \"127.0.0.1:3\"\nsmtp.host = \"a.example\"\nsmtp.port = 26"
    );
}

/// Public keys as good as any.
const EVA: &str = "trust.keys=eva d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const BOTH: &str = "trust.keys=eva d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a, \
    tom 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

#[test]
fn a_policy_has_people_who_can_keep_to_it() {
    let set = |set| loaded(&Case { set, ..NOTHING });
    assert_eq!(
        set(&[
            "trust.require_signature=true",
            "trust.require_release=true",
            BOTH
        ]),
        "trust.keys = [\"eva d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\", \
         \"tom 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c\"]\n\
         trust.require_release = true\n\
         trust.require_signature = true"
    );
    for (given, told) in [
        (
            &["trust.require_release=true", BOTH][..],
            "--set trust.require_release: trust.require_release: needs trust.require_signature: who has signed is who may not release",
        ),
        (
            &["trust.require_signature=true"],
            "trust.keys a release needs keys of two persons, a signature one: nothing could be bound with 0",
        ),
        (
            &[
                "trust.require_signature=true",
                "trust.require_release=true",
                EVA,
            ],
            "--set trust.keys: trust.keys: a release needs keys of two persons, a signature one: nothing could be bound with 1",
        ),
        (
            &["trust.keys=eva"],
            "--set trust.keys: trust.keys: has \"eva\": write a person's name, a blank and their public key, as `signalbox plugin keygen` prints them",
        ),
        (
            &["trust.keys=eva 12"],
            "--set trust.keys: trust.keys: has \"eva 12\": a public key should be 64 digits of 0-9 and a-f",
        ),
    ] {
        assert_eq!(set(given), told);
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    let file = |text| Case {
        file: Some(text),
        ..NOTHING
    };
    let set = |set| Case { set, ..NOTHING };
    let cases = [
        (
            file("data = 'x'\nlisen = 'y'\n"),
            "signalbox.toml, line 2, column 1: unknown field `lisen`, expected one of",
        ),
        (
            file("[smtp]\nprot = 1\n"),
            "signalbox.toml, line 2, column 1: unknown field `prot`, expected one of",
        ),
        (
            file("[smtp]\nport = 'x'\n"),
            "signalbox.toml, line 2, column 8: invalid type: string \"x\", expected u16",
        ),
        (file("[smtp\n"), "signalbox.toml, line 1, column 6: "),
        (
            file("clock = 'sun'\n"),
            "signalbox.toml, line 1, column 9: unknown variant `sun`, expected `real` or `manual`",
        ),
        (
            Case {
                variables: &[("SIGNALBOX_SMPT__HOST", "a")],
                ..NOTHING
            },
            "environment variable SIGNALBOX_SMPT__HOST: there is no setting smpt.host; `signalbox config` lists all",
        ),
        (
            Case {
                variables: &[("SIGNALBOX_SMTP__PORT", "many")],
                ..NOTHING
            },
            "environment variable SIGNALBOX_SMTP__PORT: smtp.port: a whole number is needed",
        ),
        (set(&["smtp=1"]), "--set smtp: there is no setting smtp;"),
        (set(&["smtp.port"]), "--set smtp.port: write KEY=VALUE"),
        (set(&["smtp.port=70000"]), "--set smtp.port: smtp.port: "),
        (
            set(&["listen=here"]),
            "--set listen: listen: invalid socket address syntax",
        ),
        (
            set(&["store.compact_from_bytes=1000"]),
            "--set store.compact_from_bytes: store.compact_from_bytes: must be 1,048,576 or more",
        ),
        (
            set(&["smtp.name=me"]),
            "--set smtp.name: smtp.name: a name and a password go together",
        ),
        (
            set(&["sender.from_address=me"]),
            "--set sender.from_address: sender.from_address: the address has no domain",
        ),
    ];
    for (case, expected) in cases {
        let found = loaded(&case);
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
}

#[test]
fn a_number_lies_in_its_range() {
    let cases = [
        ("store.partitions", "0", "65535", "1 to 65,534"),
        ("store.history_keep_days", "0", "3661", "1 to 3,660"),
        ("journal.keep_days", "0", "31", "1 to 30"),
        (
            "limits.engine.marketing_retry_hours_max",
            "97",
            "1000",
            "0 to 96",
        ),
        (
            "limits.engine.transactional_retry_hours_max",
            "97",
            "1000",
            "0 to 96",
        ),
        ("http.header_timeout_s", "0", "3601", "1 to 3,600"),
        ("http.body_timeout_s", "0", "3601", "1 to 3,600"),
        ("http.answer_timeout_s", "0", "3601", "1 to 3,600"),
        ("http.connections_max", "0", "65536", "1 to 65,535"),
        (
            "http.bodies_bytes_max",
            "8388607",
            "1099511627777",
            "8,388,608 to 1,099,511,627,776",
        ),
    ];
    for (key, one, another, range) in cases {
        for value in [one, another] {
            let settings = Settings {
                set: vec![format!("{key}={value}")],
                ..Settings::default()
            };
            let found = load(&settings.into(), []).map(|_| ());
            assert_eq!(
                found.expect_err(key).to_string(),
                format!("--set {key}: {key}: must be {range}")
            );
        }
    }
}

#[test]
fn a_password_is_kept_to_the_owner_and_shown_nowhere() {
    let file = Some("[smtp]\nname = 'me'\npassword = 'hunter2'\n");
    assert_eq!(
        loaded(&Case {
            file,
            mode: 0o644,
            ..NOTHING
        }),
        "signalbox.toml holds a password and can be read by others: run chmod 600 on it"
    );
    assert_eq!(
        loaded(&Case {
            file,
            mode: 0o600,
            ..NOTHING
        }),
        "smtp.name = \"me\"\nsmtp.password = \"********\""
    );
    let wrong = loaded(&Case {
        file: Some("[smtp]\npassword = [4711]\n"),
        mode: 0o600,
        ..NOTHING
    });
    assert_eq!(
        wrong,
        "signalbox.toml, line 2, column 12: a secret has to be a text in quotes"
    );

    let settings = Settings {
        set: vec!["smtp.name=me".to_owned()],
        ..Settings::default()
    };
    let variables = [("SIGNALBOX_SMTP__PASSWORD".to_owned(), "hunter2".to_owned())];
    let loaded = load(&settings.into(), variables).unwrap();
    assert_eq!(
        loaded.config.smtp.password.as_ref().map(Secret::reveal),
        Some("hunter2")
    );
    assert!(!loaded.to_toml().contains("hunter2"));
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

#[test]
fn every_setting_says_what_it_means() {
    // All that is off by default is on here, so that the table has every setting.
    let mut config = Config::default();
    config.sender.reply_to = Some("a@b.example".to_owned());
    config.sender.from_name = Some("a".to_owned());
    config.smtp.name = Some("a".to_owned());
    config.smtp.password = Some(Secret("a".to_owned()));
    config.smtp.password_file = Some(PathBuf::from("a"));
    config.smtp.extra_roots = Some(PathBuf::from("a"));
    let mut keys = layers::keys(&layers::table_of(&config));
    let mut explained: Vec<String> = help::SETTINGS
        .iter()
        .map(|(key, _)| (*key).to_owned())
        .collect();
    keys.sort();
    explained.sort();
    assert_eq!(explained, keys);
}

#[test]
fn what_is_shown_can_be_read_again() {
    let set = ["smtp.host=a.example", "store.partitions=3"]
        .map(str::to_owned)
        .to_vec();
    let settings = Settings {
        set,
        ..Settings::default()
    };
    let loaded = load(&settings.into(), []).unwrap();
    let text = loaded.to_toml();
    assert!(
        text.contains("host = \"a.example\" # from --set smtp.host\n"),
        "{text}"
    );
    assert!(text.contains("# name = not set\n"), "{text}");
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), loaded.config);
}
