//! The inbox on disk: what it keeps, lists and refuses.

use std::fs;

use signalbox_mail::address::{Address, Mailbox};
use signalbox_mail::capture::{Capture, CaptureError};
use signalbox_mail::message::{Envelope, build};
use signalbox_mail::smtp::{Needs, Urgency};
use signalbox_mail::transport::{Handed, Outgoing, Transport};
use tempfile::TempDir;

fn outgoing(subject: &str, at_ms: i64) -> Outgoing {
    Outgoing {
        from: Address::parse("shop@example.com").unwrap(),
        to: Address::parse("ann@example.org").unwrap(),
        needs: Needs::default(),
        urgency: Urgency::Ordinary,
        subject: subject.to_owned(),
        workflow: "welcome".to_owned(),
        message_id: "1@example.com".to_owned(),
        at_ms,
    }
}

#[tokio::test]
async fn a_message_is_kept_with_what_is_known_of_it_and_read_back_decoded() {
    let folder = TempDir::new().unwrap();
    let transport = Transport::Capture(Capture::open(folder.path(), 100).unwrap());
    let raw = build(&Envelope {
        from: Mailbox::parse("Shop <shop@example.com>").unwrap(),
        reply_to: None,
        to: Address::parse("ann@example.org").unwrap(),
        message_id: "1@example.com".to_owned(),
        date_ms: 0,
        subject: "Grüße".to_owned(),
        html: "<p>50 % = é &amp; a very long line that has to be folded somewhere on its way, surely</p>".to_owned(),
        text: "Grüße\n.\nhier".to_owned(),
        unsubscribe: None,
        list_id: None,
        headers: Vec::new(),
    })
    .unwrap();
    let ready = transport.begin(&outgoing("Grüße", 5)).await.unwrap();
    let Handed::Captured(id) = ready.body(raw.clone()).await.unwrap() else {
        panic!("captured")
    };
    transport
        .begin(&outgoing("not sent", 6))
        .await
        .unwrap()
        .abandon();

    let Transport::Capture(capture) = transport else {
        panic!("capture")
    };
    assert_eq!(capture.count(), 1);
    let captured = capture.read(&id).unwrap();
    assert_eq!(captured.raw, raw);
    assert_eq!(captured.text.as_deref(), Some("Grüße\n.\nhier"));
    assert!(
        captured
            .html
            .unwrap()
            .starts_with("<p>50 % = é &amp; a very long line")
    );
    let meta = captured.meta;
    assert_eq!(
        (
            meta.to.as_str(),
            meta.workflow.as_str(),
            meta.subject.as_str()
        ),
        ("ann@example.org", "welcome", "Grüße")
    );
}

#[test]
fn pages_go_from_the_newest_to_the_oldest_and_the_oldest_make_room() {
    let folder = TempDir::new().unwrap();
    let capture = Capture::open(folder.path(), 5).unwrap();
    for at in [30, 10, 20, 40, 50, 60, 70] {
        capture
            .keep(&outgoing(&format!("at {at}"), at), b"x")
            .unwrap();
    }
    assert_eq!(capture.count(), 5);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        10,
        "two files a message and nothing else"
    );
    let first = capture.list(None, 3).unwrap();
    let second = capture.list(first.next_before.as_deref(), 3).unwrap();
    let subjects: Vec<&str> = first
        .messages
        .iter()
        .chain(&second.messages)
        .map(|meta| meta.subject.as_str())
        .collect();
    assert_eq!(subjects, ["at 70", "at 60", "at 50", "at 40", "at 30"]);
    assert_eq!(second.next_before, None);

    let again = Capture::open(folder.path(), 5).unwrap();
    assert_eq!(again.count(), 5);
    let id = again.keep(&outgoing("after a restart", 70), b"x").unwrap();
    assert_eq!(
        again.list(None, 1).unwrap().messages[0].id,
        id,
        "numbers go on where they were"
    );
}

#[test]
fn ids_point_nowhere_else() {
    let folder = TempDir::new().unwrap();
    let capture = Capture::open(&folder.path().join("inbox"), 5).unwrap();
    fs::write(folder.path().join("secret.json"), "{}").unwrap();
    for id in [
        "../secret",
        "..%2fsecret",
        "",
        "secret",
        "00000000000001-0000000000/../../secret",
        "-",
        "1-1",
        "00000000000001-000000000\0",
    ] {
        assert!(matches!(capture.read(id), Err(CaptureError::Id)), "{id:?}");
        assert!(
            matches!(capture.list(Some(id), 1), Err(CaptureError::Id)),
            "{id:?}"
        );
    }
    assert!(matches!(
        capture.read("00000000000001-0000000009"),
        Err(CaptureError::NotFound)
    ));
}

#[cfg(unix)]
#[test]
fn files_are_the_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let inbox = folder.path().join("inbox");
    let capture = Capture::open(&inbox, 5).unwrap();
    capture.keep(&outgoing("x", 1), b"x").unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inbox), 0o700);
    for entry in fs::read_dir(&inbox).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}
