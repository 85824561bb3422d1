//! Versions of plugins that people are to move away from: what is kept of them, and what is refused.

use insta::assert_snapshot;
use signalbox_journey::control::{self, Conflict};
use signalbox_model::{
    definitions::Definitions,
    deprecation::{DEPRECATION_BYTES_MAX, DEPRECATIONS_MAX, Deprecation},
    id::PluginName,
    record::Command,
    time::{Instant, Span},
};

use crate::harness::START;

fn name(name: &str) -> PluginName {
    PluginName::parse(name).unwrap()
}

fn deprecation(versions: &str, message: &str) -> Deprecation {
    Deprecation {
        versions: versions.parse().unwrap(),
        message: message.to_owned(),
        replaced_by: None,
        removed_on: None,
        by: "k1".to_owned(),
    }
}

fn deprecate(plugin: &str, deprecation: Deprecation) -> Command {
    Command::DeprecatePlugin {
        plugin: name(plugin),
        deprecation,
    }
}

fn apply(definitions: &mut Definitions, command: &Command) -> Result<(), Conflict> {
    let now = Instant::parse(START).unwrap();
    *definitions = control::apply(definitions, command, now)?.definitions;
    Ok(())
}

#[test]
fn it_is_of_the_versions_that_it_names_until_it_is_taken_back() {
    let mut definitions = Definitions::default();
    apply(
        &mut definitions,
        &deprecate("company", deprecation("<2.0.0", "old")),
    )
    .unwrap();
    let said = |definitions: &Definitions, version: &str| {
        let version = version.parse().unwrap();
        let found = definitions.deprecation(&name("company"), &version);
        found.map(|found| found.deprecation.in_words(&name("company"), &version))
    };
    let old = Some("company 1.9.0 is deprecated: old".to_owned());
    assert_eq!(said(&definitions, "1.9.0"), old);
    assert_eq!(said(&definitions, "2.0.0"), None);
    apply(
        &mut definitions,
        &deprecate("company", deprecation("*", "gone")),
    )
    .unwrap();
    assert_eq!(definitions.deprecations.len(), 1, "in its place");
    assert!(said(&definitions, "2.0.0").is_some());

    let plugin = name("company");
    let lift = Command::LiftDeprecation { plugin };
    apply(&mut definitions, &lift).unwrap();
    assert_eq!(said(&definitions, "1.9.0"), None);
    let twice = apply(&mut definitions, &lift).unwrap_err();
    assert_snapshot!(
        format!("{}: {twice}", twice.code()),
        @"not_deprecated: no version of plugin company is deprecated"
    );
}

#[test]
fn from_its_day_on_it_is_removed() {
    let on = Instant::parse(START).unwrap();
    let mut removed = deprecation("*", "old");
    assert!(!removed.is_removed(on));
    removed.removed_on = Some(on);
    assert!(removed.is_removed(on));
    assert!(!removed.is_removed(on.minus(Span::from_ms(1))));
}

#[test]
fn words_and_plugins_have_a_bound() {
    let mut definitions = Definitions::default();
    let long = "x".repeat(DEPRECATION_BYTES_MAX + 1);
    for message in ["", " ", &long] {
        let refused = apply(
            &mut definitions,
            &deprecate("one", deprecation("*", message)),
        );
        assert_eq!(refused.unwrap_err().code(), "command_malformed");
    }
    let mut instead = deprecation("*", "old");
    instead.replaced_by = Some(long);
    let refused = apply(&mut definitions, &deprecate("one", instead));
    assert_eq!(refused.unwrap_err().code(), "command_malformed");
    for number in 0..DEPRECATIONS_MAX {
        let plugin = format!("plugin{number}");
        apply(
            &mut definitions,
            &deprecate(&plugin, deprecation("*", "old")),
        )
        .unwrap();
    }
    let full = apply(
        &mut definitions,
        &deprecate("more", deprecation("*", "old")),
    );
    assert!(matches!(full, Err(Conflict::Full { .. })), "{full:?}");
    apply(
        &mut definitions,
        &deprecate("plugin0", deprecation("*", "older")),
    )
    .unwrap();
}

#[test]
fn all_versions_are_also_those_before_a_release() {
    let is_of = |versions: &str, version: &str| {
        let deprecation = Deprecation {
            versions: versions.parse().unwrap(),
            message: "old".to_owned(),
            replaced_by: None,
            removed_on: None,
            by: "k1".to_owned(),
        };
        deprecation.is_of(&version.parse().unwrap())
    };
    assert!(is_of("*", "1.5.0-rc.1") && is_of("*", "1.5.0"));
    assert!(!is_of("<2.0.0", "1.5.0-rc.1"), "as in Cargo");
}
