//! Components that a second person lets be bound.

use signalbox_journey::control::{self, Conflict};
use signalbox_model::{
    definitions::{Definitions, RELEASES_MAX, Release},
    id::Digest,
    record::Command,
    time::{Instant, Span},
};

use crate::harness::START;

fn release(bytes: &[u8], signed_by: &str, released_by: &str) -> Command {
    Command::ReleasePlugin {
        digest: Digest::of_bytes(bytes),
        release: Release {
            plugin: "big-spender".parse().unwrap(),
            version: "1.2.0".parse().unwrap(),
            signed_by: signed_by.parse().unwrap(),
            signed_with: "00".repeat(32),
            released_by: released_by.parse().unwrap(),
            key: "5e".repeat(32),
            by: "k1".to_owned(),
        },
    }
}

fn apply(
    definitions: &Definitions,
    command: &Command,
    now: Instant,
) -> Result<Definitions, Conflict> {
    control::apply(definitions, command, now).map(|change| change.definitions)
}

#[test]
fn somebody_else_releases_than_has_signed() {
    let now = Instant::parse(START).unwrap();
    let before = Definitions::default();
    let refused = apply(&before, &release(b"a", "eva", "eva"), now).unwrap_err();
    assert_eq!(refused.code(), "self_release");
    assert_eq!(
        refused.to_string(),
        "big-spender 1.2.0 is signed by eva: somebody else has to release it"
    );

    let released = apply(&before, &release(b"a", "eva", "tom"), now).unwrap();
    assert_eq!(released.version, before.version + 1);
    let found = &released.releases[&Digest::of_bytes(b"a")];
    assert_eq!((found.at, found.release.released_by.as_str()), (now, "tom"));

    // Signed by another person since, it is released anew.
    let anew = apply(&released, &release(b"a", "tom", "eva"), now).unwrap();
    assert_eq!(anew.releases.len(), 1);
    assert_eq!(
        anew.releases[&Digest::of_bytes(b"a")]
            .release
            .released_by
            .as_str(),
        "eva"
    );
}

#[test]
fn of_too_many_releases_the_oldest_goes() {
    let start = Instant::parse(START).unwrap();
    let mut definitions = Definitions::default();
    for number in 0..=RELEASES_MAX as u64 {
        let command = release(&number.to_be_bytes(), "eva", "tom");
        let now = start.plus(Span::from_ms(number));
        definitions = apply(&definitions, &command, now).unwrap();
    }
    assert_eq!(definitions.releases.len(), RELEASES_MAX);
    let has = |number: u64| {
        let digest = Digest::of_bytes(&number.to_be_bytes());
        definitions.releases.contains_key(&digest)
    };
    assert!(!has(0) && has(1) && has(RELEASES_MAX as u64));
}
