//! Signatures beside files, and releases by a second person: what may be bound where the policy asks for them.

use std::{collections::BTreeMap, fs};

use signalbox_model::id::Digest;
use signalbox_rules::{
    signature::{Purpose, SecretKey},
    trust::{Requirement, Trust, TrustError, TrustedKey},
};

use crate::{
    guest::{Guest, describe},
    support::{Bench, compile_command, names},
};

struct Person {
    name: &'static str,
    key: SecretKey,
}

fn person(name: &'static str) -> Person {
    let key = SecretKey::draw().expect("a key");
    Person { name, key }
}

impl Person {
    fn trusted(&self) -> TrustedKey {
        let text = format!("{} {}", self.name, self.key.public());
        text.parse().expect("a trusted key")
    }

    fn signature(&self, bytes: &[u8]) -> String {
        let digest = Digest::of_bytes(bytes);
        self.key.sign(Purpose::Signature, digest).to_string()
    }
}

fn bench(requirement: Requirement, trusted: &[&Person]) -> Bench {
    let keys = trusted.iter().map(|person| person.trusted()).collect();
    Bench::trusting(Trust::new(requirement, keys).expect("a policy"))
}

fn version(version: &str) -> Vec<u8> {
    Guest {
        describe: describe(version),
        ..Guest::default()
    }
    .component()
}

fn resolved(bench: &Bench) -> Option<String> {
    bench.resolved("*").map(|(version, _)| version)
}

/// Why `big_spender` cannot be bound.
fn withheld(bench: &Bench) -> Option<&'static str> {
    let (name, any) = (
        "big_spender".parse().expect("a name"),
        "*".parse().expect("any"),
    );
    bench
        .catalogue
        .withheld(&name, &any)
        .map(|withheld| withheld.code)
}

#[test]
fn without_a_good_signature_nothing_is_let_in() {
    let (eva, mallory) = (person("eva"), person("mallory"));
    let bench = bench(Requirement::Signature, &[&eva]);
    let component = version("1.0.0");
    bench.put("big_spender.wasm", &component);
    assert_eq!(resolved(&bench), None);
    assert_eq!(withheld(&bench), Some("plugin_unsigned"));

    let good = eva.signature(&component);
    let last_digit = if good.ends_with("0\n") { "1\n" } else { "0\n" };
    let damaged = format!("{}{last_digit}", &good[..good.len() - 2]);
    let release = eva.key.sign(Purpose::Release, Digest::of_bytes(&component));
    for (signature, code) in [
        (String::new(), "plugin_signature_invalid"),
        (
            good[..good.len() / 2].to_owned(),
            "plugin_signature_invalid",
        ),
        (damaged, "plugin_signature_invalid"),
        (
            format!("{good}{}", " ".repeat(1 << 20)),
            "plugin_signature_invalid",
        ),
        (release.to_string(), "plugin_signature_invalid"),
        (eva.signature(b"other bytes"), "plugin_signature_of_other"),
        (mallory.signature(&component), "plugin_signer_unknown"),
    ] {
        bench.put("big_spender.wasm.sig", signature.as_bytes());
        assert_eq!(
            bench.states(),
            [format!("big_spender.wasm refused ({code})")],
            "{signature}"
        );
        assert_eq!(resolved(&bench), None);
        assert_eq!(withheld(&bench), Some(code));
    }
    bench.put("big_spender.wasm.sig", b"\xff\xfe not text");
    assert_eq!(withheld(&bench), Some("plugin_signature_invalid"));
    bench.told();

    // It comes after the file, and the file is let in.
    bench.put("big_spender.wasm.sig", good.as_bytes());
    assert_eq!(
        bench.told(),
        ["available big_spender 1.0.0 from big_spender.wasm"]
    );
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
    assert_eq!(withheld(&bench), None);
    assert_eq!(bench.signed_by("big_spender.wasm").as_deref(), Some("eva"));
}

#[test]
fn each_reason_names_the_way_out() {
    let eva = person("eva");
    let bench = bench(Requirement::Signature, &[&eva]);
    let component = version("1.0.0");
    bench.put("a.wasm", &component);
    bench.put("a.wasm.sig", b"signature");
    bench.put("a.wasm.sig", eva.signature(b"other").as_bytes());
    let stranger = person("stranger");
    bench.put("a.wasm.sig", stranger.signature(&component).as_bytes());
    let (other, own) = (Digest::of_bytes(b"other"), Digest::of_bytes(&component));
    let key = stranger.key.public();
    assert_eq!(
        bench.told(),
        [
            "refused a.wasm: plugin_unsigned nobody has signed it: sign it with `signalbox plugin sign` and put the \
             signature beside the file, under its name and .sig"
                .to_owned(),
            "refused a.wasm: plugin_signature_invalid the signature beside the file is no good: line 1 should be \
             `signalbox plugin signature 1`; sign the file anew with `signalbox plugin sign`"
                .to_owned(),
            format!(
                "refused a.wasm: plugin_signature_of_other the signature beside the file is for other bytes ({other}) \
                 than its own ({own}): bring the signature that belongs to it"
            ),
            format!(
                "refused a.wasm: plugin_signer_unknown the key {key} that signed it is not trusted here: let somebody \
                 sign it whose key is among trust.keys"
            ),
        ]
    );
}

#[test]
fn what_was_signed_serves_on_beside_what_is_not() {
    let eva = person("eva");
    let bench = bench(Requirement::Signature, &[&eva]);
    let (first, second) = (version("1.0.0"), version("1.1.0"));
    bench.put("a.wasm", &first);
    bench.put("a.wasm.sig", eva.signature(&first).as_bytes());
    let binding = bench.binding();

    // The new bytes come before their signature: that of the old ones is none of theirs.
    bench.put("a.wasm", &second);
    assert_eq!(
        bench.states(),
        ["a.wasm available big_spender 1.0.0 (plugin_signature_of_other)"]
    );
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);

    bench.put("a.wasm.sig", eva.signature(&second).as_bytes());
    assert_eq!(resolved(&bench).as_deref(), Some("1.1.0"));

    // Without its signature it is as little to be bound anew as if the file were gone; who is bound to it is served on.
    let binding = bench.binding();
    bench.remove("a.wasm.sig");
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
    bench.put("a.wasm", &first);
    bench.put("a.wasm", &second);
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    let bench = bench.reopened(compile_command());
    bench.settle();
    assert_eq!(bench.states(), ["a.wasm refused (plugin_unsigned)"]);
    assert_eq!(resolved(&bench), None);
    bench
        .catalogue
        .ensure(binding.digest)
        .expect("its copy is kept");
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
}

#[test]
fn nothing_of_what_nobody_signed_is_run() {
    let eva = person("eva");
    let bench = bench(Requirement::Signature, &[&eva]);
    let loops = Guest {
        items: "(func $go (loop $on (br $on))) (start $go)",
        ..Guest::default()
    };
    bench.put("a.wasm", &loops.component());
    assert_eq!(bench.states(), ["a.wasm refused (plugin_unsigned)"]);
    let compiled = names(&bench.data.join("compiled"));
    assert!(compiled.is_empty(), "{compiled:?}");

    let bytes = loops.component();
    bench.put("a.wasm.sig", eva.signature(&bytes).as_bytes());
    assert_eq!(bench.states(), ["a.wasm refused (plugin_describe_failed)"]);
}

#[test]
fn a_folder_or_a_pipe_is_no_signature() {
    let eva = person("eva");
    let bench = bench(Requirement::Signature, &[&eva]);
    let path = bench.folder.join("a.wasm.sig");
    fs::create_dir(&path).expect("a folder");
    bench.put("a.wasm", &version("1.0.0"));
    assert_eq!(bench.states(), ["a.wasm refused (plugin_unsigned)"]);
    fs::remove_dir(&path).expect("it is there");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a pipe");
    bench.put("a.wasm", &version("1.1.0"));
    assert_eq!(bench.states(), ["a.wasm refused (plugin_unsigned)"]);
}

#[test]
fn a_second_person_releases_what_one_has_signed() {
    let (eva, tom, mallory) = (person("eva"), person("tom"), person("mallory"));
    let bench = bench(Requirement::Release, &[&eva, &tom]);
    let (first, second, third) = (version("1.0.0"), version("1.1.0"), version("1.2.0"));
    let put = |bytes: &[u8], by: &Person| {
        bench.put("a.wasm", bytes);
        bench.put("a.wasm.sig", by.signature(bytes).as_bytes());
        bench.told()
    };
    let release = |all: &[(&[u8], &Person)]| {
        let all = all.iter();
        let all = all.map(|(bytes, by)| (Digest::of_bytes(bytes), by.key.public()));
        bench
            .catalogue
            .set_releases(all.collect::<BTreeMap<_, _>>());
        bench.told()
    };
    let told = put(&first, &eva);
    assert_eq!(
        told.last().map(String::as_str),
        Some("unreleased big_spender 1.0.0 from a.wasm")
    );
    assert_eq!(
        bench.states(),
        ["a.wasm unreleased big_spender 1.0.0 (plugin_unreleased)"]
    );
    assert_eq!(
        (resolved(&bench), withheld(&bench)),
        (None, Some("plugin_unreleased"))
    );
    let signed = bench
        .catalogue
        .signed(Digest::of_bytes(&first))
        .expect("it is signed");
    assert_eq!(signed.by.person.as_str(), "eva");

    // Who has signed it, or is not trusted, releases nothing.
    assert!(release(&[(&first, &eva)]).is_empty());
    assert!(release(&[(&first, &mallory)]).is_empty());
    assert_eq!(resolved(&bench), None);
    assert_eq!(
        release(&[(&first, &tom)]),
        ["available big_spender 1.0.0 from a.wasm"]
    );
    assert_eq!(bench.states(), ["a.wasm available big_spender 1.0.0"]);
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));

    // Two successors wait; what was released serves until one of them is.
    put(&second, &eva);
    put(&third, &eva);
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
    assert_eq!(
        bench.states()[0],
        "a.wasm unreleased big_spender 1.2.0 (plugin_unreleased)"
    );
    release(&[(&first, &tom), (&third, &tom)]);
    assert_eq!(resolved(&bench).as_deref(), Some("1.2.0"));

    // Signed anew by who has released it, it has but one person behind it.
    bench.put("a.wasm.sig", tom.signature(&third).as_bytes());
    assert_eq!(
        bench.states()[0],
        "a.wasm unreleased big_spender 1.2.0 (plugin_unreleased)"
    );
    release(&[(&first, &tom), (&third, &eva)]);
    assert_eq!(resolved(&bench).as_deref(), Some("1.2.0"));
}

#[test]
fn a_key_that_is_taken_out_counts_no_more_after_a_restart() {
    let (eva, tom, ann) = (person("eva"), person("tom"), person("ann"));
    let policy = |trusted: [&Person; 2]| {
        let keys = Vec::from(trusted.map(Person::trusted));
        Trust::new(Requirement::Release, keys).expect("a policy")
    };
    let component = version("1.0.0");
    let releases = BTreeMap::from([(Digest::of_bytes(&component), tom.key.public())]);
    let restarted = |bench: Bench, trusted| {
        let bench = bench.reopened_trusting(policy(trusted));
        bench.catalogue.set_releases(releases.clone());
        bench.settle();
        bench
    };
    let bench = Bench::trusting(policy([&eva, &tom]));
    bench.put("a.wasm", &component);
    bench.put("a.wasm.sig", eva.signature(&component).as_bytes());
    bench.catalogue.set_releases(releases.clone());
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
    let binding = bench.binding();

    // Of who has released it.
    let bench = restarted(bench, [&eva, &ann]);
    assert_eq!(
        bench.states(),
        ["a.wasm unreleased big_spender 1.0.0 (plugin_unreleased)"]
    );
    assert_eq!(resolved(&bench), None);

    // Of who has signed it; who is bound is served on.
    let bench = restarted(bench, [&ann, &tom]);
    assert_eq!(bench.states(), ["a.wasm refused (plugin_signer_unknown)"]);
    assert_eq!(resolved(&bench), None);
    let kept = bench.catalogue.ensure(binding.digest);
    kept.expect("its copy is kept");
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);

    let bench = restarted(bench, [&eva, &tom]);
    assert_eq!(resolved(&bench).as_deref(), Some("1.0.0"));
}

#[test]
fn keys_and_persons_are_told_apart() {
    let (eva, tom) = (person("eva"), person("tom"));
    let refused = |requirement, keys| Trust::new(requirement, keys).expect_err("it is refused");
    assert_eq!(
        refused(Requirement::Nothing, vec![eva.trusted(), eva.trusted()]),
        TrustError::Twice(eva.key.public())
    );
    assert_eq!(
        refused(Requirement::Signature, Vec::new()),
        TrustError::TooFewPersons(0)
    );
    // Two keys of one name are one person.
    let mut second = tom.trusted();
    second.person = eva.trusted().person;
    assert_eq!(
        refused(Requirement::Release, vec![eva.trusted(), second.clone()]),
        TrustError::TooFewPersons(1)
    );
    second.person = "Eva".parse().expect("a name");
    let alike = refused(Requirement::Release, vec![eva.trusted(), second]);
    assert_eq!(
        alike.to_string(),
        "eva and Eva differ in capitals only: give one person one name"
    );
    assert!("eva".parse::<TrustedKey>().is_err());
    assert!("eva 12".parse::<TrustedKey>().is_err());
    let small = format!("eva {}", "0".repeat(64)).parse::<TrustedKey>();
    assert_eq!(
        small.expect_err("it is nobody's").to_string(),
        "a public key of small order is nobody's: anybody can sign with it"
    );
}
