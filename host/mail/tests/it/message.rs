//! The bytes of a message.

use signalbox_mail::address::{Address, Mailbox};
use signalbox_mail::message::{
    BuildError, Envelope, LINE_BYTES_MAX, Unsubscribe, build, check_header, message_id,
};

fn envelope() -> Envelope {
    Envelope {
        from: Mailbox::parse("Corner Shop <shop@example.com>").unwrap(),
        reply_to: Some(Mailbox::parse("help@example.com").unwrap()),
        to: Address::parse("ann@example.org").unwrap(),
        message_id: message_id(b"journey 7, step welcome", "example.com").unwrap(),
        date_ms: 1_790_000_000_000,
        subject: "Welcome, Ann".to_owned(),
        html: "<p>Hello <b>Ann</b></p>\n<p>10 &euro; off</p>\n".to_owned(),
        text: "Hello Ann\n\n10 € off\n".to_owned(),
        unsubscribe: Some(Unsubscribe {
            https_url: "https://example.com/u/abc123".to_owned(),
            mailto: Some(Address::parse("leave@example.com").unwrap()),
        }),
        list_id: Some("news.example.com".to_owned()),
        headers: vec![("X-Season".to_owned(), "spring".to_owned())],
    }
}

fn text(envelope: &Envelope) -> String {
    String::from_utf8(build(envelope).unwrap()).unwrap()
}

#[test]
fn a_whole_message() {
    insta::assert_snapshot!(text(&envelope()).replace("\r\n", "\n"));
}

#[test]
fn the_same_envelope_gives_the_same_bytes() {
    assert_eq!(build(&envelope()).unwrap(), build(&envelope()).unwrap());
    let other = Envelope {
        message_id: message_id(b"another", "example.com").unwrap(),
        ..envelope()
    };
    assert_ne!(build(&envelope()).unwrap(), build(&other).unwrap());
    assert_eq!(
        message_id(b"seed", "Example.com").unwrap(),
        message_id(b"seed", "example.com").unwrap()
    );
    assert!(message_id(b"seed", "not a domain").is_err());
}

#[test]
fn hostile_values_stay_inside_of_their_header() {
    let hostile = Envelope {
        subject: "Hi\r\nBcc: x@example.com\u{2028}\u{0}end, 漢字 and a long tail that has to be folded over more than one line of it".to_owned(),
        ..envelope()
    };
    let built = text(&hostile);
    let headers = built.split("\r\n\r\n").next().unwrap();
    let names: Vec<&str> = headers
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert!(
        names.iter().all(|name| !name.eq_ignore_ascii_case("bcc")),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(|name| **name == "Subject").count(), 1);
    assert!(headers.is_ascii());
}

#[test]
fn lines_are_short_ascii_and_end_in_crlf_whatever_the_content() {
    let long = "word ".repeat(2_000) + &"x".repeat(5_000) + "\rbare\nends\r\n.\r\n漢\u{0}";
    let built = build(&Envelope {
        html: long.clone(),
        text: long,
        ..envelope()
    })
    .unwrap();
    assert!(built.is_ascii());
    assert!(
        built
            .split(|byte| *byte == b'\n')
            .all(|line| line.len() <= LINE_BYTES_MAX + 1)
    );
    let bare = built
        .windows(2)
        .filter(|pair| pair[1] == b'\n' && pair[0] != b'\r')
        .count();
    assert_eq!(bare, 0);
    assert!(
        built
            .windows(2)
            .all(|pair| pair[0] != b'\r' || pair[1] == b'\n')
    );
}

#[test]
fn headers_that_are_ours_or_malformed_are_refused() {
    for name in [
        "Bcc",
        "bcc",
        "DKIM-Signature",
        "Return-Path",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "From",
        "To",
        "Cc",
        "Subject",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Resent-To",
        "ARC-Seal",
        "Received",
        "MIME-Version",
    ] {
        assert!(
            matches!(
                check_header(name, "x"),
                Err(BuildError::ReservedHeader { .. })
            ),
            "{name}"
        );
    }
    for name in ["", "X:Y", "X Y", "X\r\nY", "Ü", "X\u{0}"] {
        assert!(
            matches!(check_header(name, "x"), Err(BuildError::HeaderName { .. })),
            "{name:?}"
        );
    }
    for value in [
        "a\r\nBcc: x",
        "a\nb",
        "a\u{0}",
        "a\u{2028}b",
        &"x".repeat(1_000),
    ] {
        assert!(
            matches!(
                check_header("X-Tag", value),
                Err(BuildError::HeaderValue { .. })
            ),
            "{value:?}"
        );
    }
    check_header("X-Tag", "größe").unwrap();
    let many = vec![("X-Tag".to_owned(), "x".to_owned()); 10_000];
    assert_eq!(
        build(&Envelope {
            headers: many,
            ..envelope()
        }),
        Err(BuildError::TooManyHeaders)
    );
}

#[test]
fn links_ids_and_dates_are_checked() {
    for url in [
        "http://example.com/u",
        "https://example.com/u>, <https://x",
        "https://a\r\nb",
        "https://a b",
        "mailto:x",
    ] {
        let unsubscribe = Some(Unsubscribe {
            https_url: url.to_owned(),
            mailto: None,
        });
        assert_eq!(
            build(&Envelope {
                unsubscribe,
                ..envelope()
            }),
            Err(BuildError::UnsubscribeUrl),
            "{url}"
        );
    }
    for id in ["", "no-at", "a b@example.com", "a>\r\nX: y@example.com"] {
        assert_eq!(
            build(&Envelope {
                message_id: id.to_owned(),
                ..envelope()
            }),
            Err(BuildError::MessageId)
        );
    }
    assert_eq!(
        build(&Envelope {
            date_ms: -1,
            ..envelope()
        }),
        Err(BuildError::Date)
    );
    assert_eq!(
        build(&Envelope {
            date_ms: i64::MAX,
            ..envelope()
        }),
        Err(BuildError::Date)
    );
    let large = Envelope {
        html: "x".repeat(11 * 1024 * 1024),
        ..envelope()
    };
    assert!(matches!(build(&large), Err(BuildError::TooLarge { .. })));
}
