//! `plugin seal` on what real tools make for WASI: refused before, let in after, with the same answers.

use std::{fs, path::Path};

use crate::{
    languages::{ok, passes, target_folder},
    support::run,
};

/// What a rule sees of the system once it is sealed; anything else fails the contact.
const LOOKS_AROUND: &str = r#"
fn look_around() -> Result<(), String> {
    use std::{collections::HashSet, time::SystemTime};
    let files = std::fs::read_to_string("/etc/hostname").is_err();
    let network = std::net::TcpStream::connect("127.0.0.1:25").is_err();
    let clock = SystemTime::now() == SystemTime::UNIX_EPOCH;
    let environment = std::env::vars().count() == 0 && std::env::args().count() == 0;
    let input = std::io::stdin().read_line(&mut String::new()).is_ok_and(|bytes| bytes == 0);
    let random = HashSet::from(["drawn"]).contains("drawn");
    println!("{}", "written to nobody ".repeat(1_000));
    std::thread::sleep(std::time::Duration::from_secs(3600));
    match [files, network, clock, environment, input, random] {
        [true, true, true, true, true, true] => Ok(()),
        seen => Err(format!("saw the system: {seen:?}")),
    }
}
"#;

fn conformance(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/conformance");
    folder.join(name).to_string_lossy().into_owned()
}

/// Refused as it is, sealed, and then right in every case of the conformance.
fn is_sealed_and_conforms(component: &str, folder: &Path) -> String {
    let before = run(&["plugin", "check", component], folder);
    assert!(before.starts_with("exit 1\n"), "{before}");
    assert!(
        before.contains("(plugin_imports): the component imports wasi:"),
        "{before}"
    );
    let told = ok(
        &["plugin", "seal", component, "--out", "sealed.wasm"],
        folder,
    );
    assert!(told.contains("imports nothing\n"), "{told}");
    // Every case of the three kinds, singly, together and in reverse.
    let cases = conformance("cases.json");
    let tested = ok(
        &["plugin", "test", "sealed.wasm", "--cases", &cases],
        folder,
    );
    assert!(tested.contains("cases come out as they say"), "{tested}");
    told
}

#[test]
fn rust_for_wasi_is_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = [
        "plugin",
        "new",
        "for-wasi",
        "--kind",
        "personalizer",
        "--lang",
        "rust",
    ];
    ok(&new, folder.path());
    let crate_folder = folder.path().join("for-wasi");
    let rule = fs::read_to_string(conformance("rule.rs")).expect("the rule is there");
    let begin = "        if contact.text(\"text\") == Some(\"fail\") {\n";
    let looking = rule.replacen(begin, &format!("        look_around()?;\n{begin}"), 1);
    assert_ne!(rule, looking);
    fs::write(crate_folder.join("src/lib.rs"), looking + LOOKS_AROUND).expect("a file");
    let build = ["build", "--release", "--target", "wasm32-wasip2"];
    passes("cargo", &build, &crate_folder);
    let component = target_folder().join("rule-crates/wasm32-wasip2/release/for_wasi.wasm");
    fs::copy(component, folder.path().join("rule.wasm")).expect("cargo made a component");
    let told = is_sealed_and_conforms("rule.wasm", folder.path());
    for stubbed in [
        "environment: ",
        "clocks: ",
        "random: ",
        "files: ",
        "input and output: ",
        "network: ",
    ] {
        assert!(told.contains(stubbed), "{stubbed}: {told}");
    }
}

#[test]
fn javascript_with_wasi_is_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    ok(
        &[
            "plugin",
            "new",
            "js",
            "--kind",
            "personalizer",
            "--lang",
            "javascript",
        ],
        folder.path(),
    );
    let plugin = folder.path().join("js");
    fs::copy(conformance("rule.ts"), plugin.join("rule.ts")).expect("the rule is there");
    let bundle = ["rule.ts", "--bundle", "--format=esm", "--outfile=bundle.js"];
    passes("esbuild", &bundle, &plugin);
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/v1/rules.wit");
    let contract = contract.to_str().expect("a plain path");
    let world = ["--wit", contract, "--world", "full-plugin", "--sync"];
    let files = ["--js", "bundle.js", "--output", "../rule.wasm"];
    passes("componentize-qjs", &[&world[..], &files].concat(), &plugin);
    is_sealed_and_conforms("rule.wasm", folder.path());
}
