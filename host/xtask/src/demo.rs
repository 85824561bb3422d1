//! Builds what the demo needs and becomes the demo, so that its signals and its exit code are the server's own.
//! `cargo xtask demo` calls it.
//! It never starts workflows or feeds events itself: `signalbox demo` does.

use crate::{
    plugins,
    workspace::{app_binary, files, root},
};
use anyhow::{Context, Result, bail};
use std::{
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The real purchases that the demo feeds, kept in the repository beside their source's name.
const PURCHASES: &str = "CDNOW_sample.txt";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let purchases = root().join(find(PURCHASES, &files()?)?);
    plugins::build()?;
    let mut demo = Command::new(app_binary()?);
    demo.arg("demo")
        .arg("--plugins")
        .arg(plugins::shipped_folder()?)
        .arg("--data-file")
        .arg(purchases)
        .args(arguments);
    // Only a failure to start comes back from here.
    Err(demo.exec()).context("starting the demo")
}

fn find(name: &str, files: &[PathBuf]) -> Result<PathBuf> {
    let mut found = files
        .iter()
        .filter(|file| file.file_name().is_some_and(|file| file == Path::new(name)));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file.clone()),
        (None, _) => bail!("{name} is not in the repository"),
        (Some(first), Some(second)) => bail!(
            "{name} is in the repository twice: {} and {}",
            first.display(),
            second.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{PURCHASES, find};
    use crate::workspace::files;

    #[test]
    fn the_purchases_are_in_this_repository_once() {
        find(PURCHASES, &files().unwrap()).unwrap();
    }

    #[test]
    fn data_file_is_found_wherever_it_lies() {
        let files = ["host/a/data.txt".into(), "host/b/other.txt".into()];
        assert_eq!(find("data.txt", &files).unwrap(), files[0]);
        let missing = find("gone.txt", &files).unwrap_err().to_string();
        assert_eq!(missing, "gone.txt is not in the repository");
        let files = ["a/x".into(), "b/x".into()];
        let twice = find("x", &files).unwrap_err().to_string();
        assert_eq!(twice, "x is in the repository twice: a/x and b/x");
    }
}
