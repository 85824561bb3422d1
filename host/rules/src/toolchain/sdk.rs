//! The SDKs that a plugin carries a copy of, as they were when this binary was built.
//!
//! Called by the languages and by `signalbox plugin new`. A plugin without a copy of its own is built with this one.

use std::{fs, path::Path};

use super::{BuildError, Language, file};

/// The folder in a plugin that holds the SDK.
pub const FOLDER: &str = "signalbox";

/// A file of an SDK: its path within [`FOLDER`], and its text.
pub type SourceFile = (&'static str, &'static str);

macro_rules! rust {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../../../plugin-sdk/rust/", $path)),
        )
    };
}

macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../plugin-sdk/", $folder, "/", $path)))),+]
    };
}

const RUST: &[SourceFile] = &[
    (
        "Cargo.toml",
        include_str!("../../../../plugin-sdk/rust/template/sdk.toml"),
    ),
    rust!("src/contact.rs"),
    rust!("src/description.rs"),
    rust!("src/lib.rs"),
    rust!("src/plan.rs"),
    rust!("src/plugin.rs"),
    rust!("src/prelude.rs"),
    rust!("src/random.rs"),
    rust!("src/raw.rs"),
    rust!("src/rule.rs"),
    rust!("src/testing.rs"),
    rust!("src/time.rs"),
    rust!("src/verdict.rs"),
    rust!("wit/parts.wit"),
    rust!("wit/rules.wit"),
];

const JAVASCRIPT: &[SourceFile] = files!("javascript/src":
    "contact.js",
    "index.d.ts",
    "index.js",
    "plan.js",
    "plugin.js",
    "random.js",
    "sandbox.js",
    "testing.d.ts",
    "testing.js",
    "verdict.js",
);

const PYTHON: &[SourceFile] = files!("python/signalbox":
    "__init__.py",
    "component.py",
    "contact.py",
    "plan.py",
    "plugin.py",
    "sandbox.py",
    "testing.py",
    "times.py",
    "verdict.py",
);

const C: &[SourceFile] = files!("c/src":
    "component.c",
    "contact.c",
    "internal.h",
    "json.c",
    "libc/libc.c",
    "libc/stdlib.h",
    "libc/string.h",
    "plan.c",
    "signalbox.h",
    "testing/testing.c",
    "testing/testing.h",
    "text.c",
    "verdict.c",
);

/// The files of a language's SDK. Those of Rust make a crate.
#[must_use]
pub fn files(language: Language) -> &'static [SourceFile] {
    match language {
        Language::Rust => RUST,
        Language::JavaScript => JAVASCRIPT,
        Language::Python => PYTHON,
        Language::C => C,
    }
}

/// Writes a language's SDK into its folder below `folder`, which need not be there.
///
/// # Errors
/// When a file cannot be written.
pub fn write(language: Language, folder: &Path) -> Result<(), BuildError> {
    for (name, text) in files(language) {
        let path = folder.join(FOLDER).join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(file(parent))?;
        }
        fs::write(&path, text).map_err(file(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_below(folder: &Path, at: &str, names: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder of the SDK") {
            let entry = entry.expect("it can be listed");
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "__pycache__" {
                continue;
            }
            let name = format!("{at}{name}");
            if entry.path().is_dir() {
                names_below(&entry.path(), &format!("{name}/"), names);
            } else {
                names.push(name);
            }
        }
    }

    #[test]
    fn every_file_of_an_sdk_is_carried() {
        let sdks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk");
        for (language, folder, at) in [
            (Language::Rust, "rust/src", "src/"),
            (Language::JavaScript, "javascript/src", ""),
            (Language::Python, "python/signalbox", ""),
            (Language::C, "c/src", ""),
        ] {
            let mut names = Vec::new();
            names_below(&sdks.join(folder), at, &mut names);
            names.sort();
            let carried: Vec<&str> = files(language).iter().map(|(name, _)| *name).collect();
            let carried = carried.into_iter().filter(|name| name.starts_with(at));
            let carried: Vec<&str> = carried.filter(|name| *name != "Cargo.toml").collect();
            assert_eq!(carried, names, "{language}");
        }
    }
}
