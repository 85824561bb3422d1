//! The demo's store from snapshot and journal, without its plugins: the same export, byte for byte. With them, every
//! verdict again.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use signalbox_e2e::{server::Home, tools};

/// Plays the demo on the real purchases and answers with a home on its data folder.
fn demo() -> Home {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let output = Command::new(tools::server().unwrap())
        .args([
            "demo",
            "--keep",
            "--exit",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--plugins",
        ])
        .arg(tools::plugins().unwrap())
        .arg("--data-file")
        .arg(root.join("host/app/demo/CDNOW_sample.txt"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let kept = said
        .lines()
        .find_map(|line| line.split_once("the data folder is kept: "));
    let data = PathBuf::from(
        kept.unwrap_or_else(|| panic!("it does not say where: {said}"))
            .1
            .trim(),
    );
    let home = Home::bare(tools::plugins().unwrap()).unwrap();
    fs::remove_dir(home.data()).unwrap();
    tools::copy_folder(&data, &home.data()).unwrap();
    fs::remove_dir_all(data.parent().unwrap()).unwrap();
    home
}

/// What `store reexecute` says last, once it is sure that nothing came out otherwise.
fn reexecuted(home: &Home) -> String {
    let said = home.succeed(&["store", "reexecute"]).unwrap();
    println!("{}", said.trim());
    assert!(!said.contains("different: "), "{said}");
    said
}

#[test]
fn the_demo_is_rebuilt_without_its_plugins() {
    let mut home = demo();
    home.set("transport", "capture").set("clock", "manual");
    let export = home.succeed(&["store", "export"]).unwrap();
    println!(
        "{} rows, {} bytes of export",
        export.lines().count(),
        export.len()
    );
    assert!(
        export.lines().count() > 6_919,
        "every purchase left something"
    );

    // Every rule is asked again, and the store stays as it is.
    let said = reexecuted(&home);
    let counts = "19637 decisions recorded: 19637 asked again, 19637 equal, 0 different; 0 not re-executable";
    assert!(said.contains(counts), "{said}");
    assert!(
        home.succeed(&["store", "export"]).unwrap() == export,
        "another export after asking again"
    );

    // From the journal alone: the folder of plugins is empty, and what the data folder kept of them is gone.
    let kept = home.data().join("plugins");
    if kept.exists() {
        fs::rename(&kept, home.beside("kept")).unwrap();
    }
    let empty = home.beside("no-plugins");
    fs::create_dir(&empty).unwrap();
    home.plugins = empty;
    println!("{}", home.succeed(&["store", "rebuild"]).unwrap().trim());
    assert!(
        home.succeed(&["store", "export"]).unwrap() == export,
        "another export from the journal"
    );

    // Without the plugins nothing can be asked again, and each of them is named.
    let said = reexecuted(&home);
    for name in ["event", "abandoned"] {
        let named = format!("of plugin {name} ");
        let line = said.lines().find(|line| line.contains(&named));
        let line = line.unwrap_or_else(|| panic!("{name} is not named: {said}"));
        assert!(
            line.starts_with("not re-executable: ") && line.contains("cannot be loaded"),
            "{line}"
        );
    }
    assert!(said.contains("nothing was compared: "), "{said}");

    // From a snapshot and what the journal has beyond it.
    println!("{}", home.succeed(&["store", "snapshot"]).unwrap().trim());
    println!("{}", home.succeed(&["store", "rebuild"]).unwrap().trim());
    assert!(
        home.succeed(&["store", "export"]).unwrap() == export,
        "another export from the snapshot"
    );
    let checked = home.succeed(&["store", "check"]).unwrap();
    assert!(checked.contains("nothing is wrong"), "{checked}");
}
