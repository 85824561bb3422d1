//! `signalbox plugin new`: a folder with a rule that builds, passes `plugin check`, and has a test of its own.
//!
//! The rules lie in `plugin-sdk/*/template`, where the SDK's own tests run them. The SDK is copied beside the rule, so
//! that nothing has to be downloaded for it.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::{Context as _, bail};
use signalbox_model::describe::RuleKind;
use signalbox_rules::toolchain::{Language, sdk};

use crate::output;

/// Longest name, as the contract has it.
const NAME_BYTES_MAX: usize = 100;

const TEST_RUST: &str = "  cargo test";
const TEST_JAVASCRIPT: &str = "  npm install\n  node --test";
const TEST_PYTHON: &str = "  python3 -m pip install componentize-py==0.25.1\n  python3 -m unittest";
const TEST_C: &str =
    "  cc -I signalbox tests/rule.c rule.c signalbox/testing/testing.c -o rule-test && ./rule-test";

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../../../plugin-sdk/", $path))
    };
}

/// What a new plugin is made of.
struct Template {
    /// What the example is called, until it is given its name.
    example: &'static str,
    /// Paths in the plugin's folder, and texts.
    files: Vec<(&'static str, &'static str)>,
    /// How to test it without building it, with what that needs.
    test: &'static str,
}

/// Writes a new plugin into `folder`, which must not be there yet.
pub(crate) fn run(
    name: &str,
    kind: RuleKind,
    language: Language,
    folder: &Path,
) -> anyhow::Result<()> {
    check_name(name)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} is there already: name another folder with --out",
            folder.display()
        ),
        made => made.with_context(|| format!("making {}", folder.display()))?,
    }
    let template = template(language, kind);
    for (path, text) in &template.files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        }
        let text = fitted(text, template.example, name, kind);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    sdk::write(language, folder)?;
    output::line(format_args!(
        "{folder}: a {} in {language}, with the SDK in {}/. Next:\n  cd {folder}\n{}\n  \
         signalbox plugin build . --out {name}.wasm\n  signalbox plugin check {name}.wasm",
        kind.as_str(),
        sdk::FOLDER,
        template.test,
        folder = folder.display(),
    ))
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let is_part = |byte: u8| is_letter(byte) || byte.is_ascii_digit() || b"_-".contains(&byte);
    if name.len() > NAME_BYTES_MAX
        || !name.bytes().next().is_some_and(is_letter)
        || !name.bytes().all(is_part)
    {
        bail!(
            "{name:?} is no name for a plugin: at most {NAME_BYTES_MAX} small letters, digits, _ and -, a letter first"
        );
    }
    if [sdk::FOLDER, "signalbox-sdk"].contains(&name) {
        bail!("{name:?} is the SDK's own name: take another");
    }
    Ok(())
}

/// The text with the plugin's name in the place of the example's.
fn fitted(text: &str, example: &str, name: &str, kind: RuleKind) -> String {
    let mut text = text.replace("PLUGIN", name).replace("KIND", kind.as_str());
    for place in ["name: ", "name=", "\"name\": "] {
        let found = format!("{place}\"{example}\"");
        text = text.replacen(&found, &format!("{place}\"{name}\""), 1);
    }
    text
}

fn template(language: Language, kind: RuleKind) -> Template {
    let (files, test) = match language {
        Language::Rust => (
            vec![
                ("Cargo.toml", template!("rust/template/Cargo.template.toml")),
                ("src/lib.rs", rust(kind)),
                (".gitignore", "/target\n*.wasm\n"),
                ("README.md", template!("rust/template/README.md")),
            ],
            TEST_RUST,
        ),
        Language::JavaScript => (
            vec![
                (
                    "package.json",
                    template!("javascript/template/manifest.json"),
                ),
                ("rule.js", javascript(kind)),
                (
                    "rule.test.js",
                    template!("javascript/template/rule.test.js"),
                ),
                (".gitignore", "/node_modules\n*.wasm\n"),
                ("README.md", template!("javascript/template/README.md")),
            ],
            TEST_JAVASCRIPT,
        ),
        Language::Python => (
            vec![
                (
                    "pyproject.toml",
                    template!("python/template/pyproject.toml"),
                ),
                ("rule.py", python(kind)),
                ("test_rule.py", template!("python/template/test_rule.py")),
                (".gitignore", "/.venv\n__pycache__\n*.wasm\n"),
                ("README.md", template!("python/template/README.md")),
            ],
            TEST_PYTHON,
        ),
        Language::C => {
            let (description, rule, test) = c(kind);
            (
                vec![
                    ("description.json", description),
                    ("rule.c", rule),
                    ("tests/rule.c", test),
                    (".gitignore", "/rule-test\n*.wasm\n"),
                    ("README.md", template!("c/template/README.md")),
                ],
                TEST_C,
            )
        }
    };
    let example = match kind {
        RuleKind::Trigger => "left_cart",
        RuleKind::Segment => "big_spender",
        RuleKind::Personalizer => "greeting",
    };
    Template {
        example,
        files,
        test,
    }
}

fn rust(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Trigger => template!("rust/template/trigger.rs"),
        RuleKind::Segment => template!("rust/template/segment.rs"),
        RuleKind::Personalizer => template!("rust/template/personalizer.rs"),
    }
}

fn javascript(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Trigger => template!("javascript/template/trigger.js"),
        RuleKind::Segment => template!("javascript/template/segment.js"),
        RuleKind::Personalizer => template!("javascript/template/personalizer.js"),
    }
}

fn python(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Trigger => template!("python/template/trigger.py"),
        RuleKind::Segment => template!("python/template/segment.py"),
        RuleKind::Personalizer => template!("python/template/personalizer.py"),
    }
}

/// Description, rule and test.
fn c(kind: RuleKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        RuleKind::Trigger => (
            template!("c/template/trigger.json"),
            template!("c/template/trigger.c"),
            template!("c/template/trigger_test.c"),
        ),
        RuleKind::Segment => (
            template!("c/template/segment.json"),
            template!("c/template/segment.c"),
            template!("c/template/segment_test.c"),
        ),
        RuleKind::Personalizer => (
            template!("c/template/personalizer.json"),
            template!("c/template/personalizer.c"),
            template!("c/template/personalizer_test.c"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_takes_its_plugins_name() {
        for language in Language::ALL {
            for kind in RuleKind::ALL {
                let template = template(language, kind);
                let all: String = template
                    .files
                    .iter()
                    .map(|(_, text)| fitted(text, template.example, "my-rule", kind))
                    .collect();
                assert!(
                    !all.contains("PLUGIN") && !all.contains("KIND"),
                    "{language} {kind:?}"
                );
                let named = [
                    "name: \"my-rule\"",
                    "name=\"my-rule\"",
                    "\"name\": \"my-rule\"",
                ];
                assert!(
                    named.iter().any(|name| all.contains(name)),
                    "{language} {kind:?}"
                );
            }
        }
    }

    #[test]
    fn names_are_what_bindings_can_choose_by() {
        for good in ["a", "big_spender", "rfm-2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(101);
        for bad in [
            "",
            "Big",
            "2big",
            "-a",
            "a b",
            "../a",
            "é",
            "signalbox",
            &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
