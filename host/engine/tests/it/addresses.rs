//! What the core keeps out as no address, and what `mail` takes: nobody who can be written to is kept out.

use signalbox_mail::address::Address;
use signalbox_model::address;

const LOCALS: [&str; 22] = [
    "a",
    "a.b",
    "A+tag",
    "o'neil",
    "x_y",
    "1",
    "{a}|~",
    "#!$%&*-/=?^`",
    "a-",
    ".a",
    "a.",
    "a..b",
    "",
    " a",
    "a b",
    "\"a\"",
    "a(b)",
    "a,b",
    "jürgen",
    "a:b",
    "a\\b",
    "a\tb",
];
const DOMAINS: [&str; 22] = [
    "example.com",
    "EXAMPLE.com",
    "a.b.c.example",
    "xn--bcher-kva.example",
    "bücher.example",
    "例え。テスト",
    "1.example",
    "a-b.example",
    "example",
    "localhost",
    ".example",
    "example.",
    "a..example",
    "-a.example",
    "a_b.example",
    "[127.0.0.1]",
    "127.0.0.1",
    "exa mple.com",
    "example.com\n",
    "a@b.example",
    "",
    "exa:mple.com",
];

#[test]
fn whoever_can_be_written_to_is_let_in() {
    let (mut taken, mut kept_out) = (0, 0);
    for local in LOCALS {
        for domain in DOMAINS {
            let text = format!("{local}@{domain}");
            let core = address::domain(&text);
            match Address::parse(&text) {
                Ok(_) => {
                    assert_eq!(core, Some(domain), "{text:?}");
                    taken += 1;
                }
                Err(_) => kept_out += u32::from(core.is_none()),
            }
        }
    }
    let long = format!("{}@example.com", "a".repeat(300));
    assert_eq!(address::domain(&long), None);
    assert_eq!(address::domain("example.com"), None);
    assert!(
        taken > 50 && kept_out > 200,
        "{taken} taken, {kept_out} kept out"
    );
}

#[test]
fn a_blocked_domain_is_the_one_and_those_below_it() {
    for (domain, is_blocked) in [
        ("mail.example", true),
        ("MAIL.Example", true),
        ("a.b.mail.example", true),
        ("gmail.example", false),
        ("example", false),
        ("mail.example.org", false),
        ("é.mail.example", true),
        ("ümail.example", false),
    ] {
        assert_eq!(
            address::is_within(domain, "mail.example"),
            is_blocked,
            "{domain}"
        );
    }
}
