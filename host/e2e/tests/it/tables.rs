//! Reference tables by file and by command line.

use std::{fs, time::Duration};

use signalbox_e2e::{http::Api, server, smtp::Sink, wait};

use crate::support::home;

/// A file is taken within two looks at the folder; the machine may be busy.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);

/// The version and the count of rows of the table.
fn version(api: &Api) -> Option<(u64, u64)> {
    let answer = api.get("/v1/tables/stores").unwrap();
    let current = &answer.body["table"]["current"];
    Some((current["version"].as_u64()?, current["rows"].as_u64()?))
}

#[test]
fn files_of_the_folder_become_versions() {
    let sink = Sink::start().unwrap();
    let mut home = home(&sink);
    let folder = home.beside("tables");
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, text: &str| {
        // As whoever copies a file well does it.
        fs::write(folder.join(".unfinished"), text).unwrap();
        fs::rename(folder.join(".unfinished"), folder.join(name)).unwrap();
    };
    put("stores.csv", "city,rank:integer\nParis,1\nRome,2\n");
    home.set("tables", folder.display());
    let server = home.start().unwrap();
    let becomes = |expected: (u64, u64)| {
        let is_it = || Ok((version(&server.api) == Some(expected)).then_some(()));
        wait::until("the file is a version", TAKEN_WITHIN, is_it).unwrap();
    };
    becomes((1, 2));

    put("stores.csv", "city,rank:integer\nParis,first\n");
    wait::until("the file is refused", TAKEN_WITHIN, || {
        let log = server.log_tail();
        let says = "stores.csv is no table:";
        let place = r#"/rows/0/rank: line 2: "first" is no integer"#;
        Ok((log.contains(says) && log.contains(place)).then_some(()))
    })
    .unwrap();
    assert_eq!(version(&server.api), Some((1, 2)));

    put("stores.csv", "city,rank:integer\nParis,1\n");
    becomes((2, 1));
    fs::remove_file(folder.join("stores.csv")).unwrap();
    server.stop().unwrap();
    let server = home.start().unwrap();
    assert_eq!(version(&server.api), Some((2, 1)));
    server.stop().unwrap();
}

#[test]
fn commands_put_list_and_delete() {
    let sink = Sink::start().unwrap();
    let home = home(&sink);
    let server = home.start().unwrap();
    let file = home.beside("stores.csv");
    let key = home.data().join("admin.key");
    let at = [
        "--url",
        server.api.base(),
        "--key-file",
        key.to_str().unwrap(),
    ];
    let run = |words: &[&str]| server::run(&[&["table"], words, &at].concat());
    fs::write(&file, "city,rank:integer\nParis,1\nParis,x\n").unwrap();
    let path = file.to_str().unwrap();
    let refused = format!("{:#}", run(&["put", "stores", path]).unwrap_err());
    assert!(
        refused.contains(r#"/rows/1/rank: line 3: "x" is no integer"#),
        "{refused}"
    );
    fs::write(&file, "rank:integer,city\n1,Paris\n2,Rome\n").unwrap();
    assert_eq!(
        run(&["put", "stores", path, "--key", "city"]).unwrap(),
        "table stores: version 1, 2 rows by city, columns rank, city\n"
    );
    assert_eq!(
        run(&["list"]).unwrap(),
        "stores: version 1, 2 rows by city, columns rank, city\n"
    );
    assert_eq!(
        run(&["delete", "stores"]).unwrap(),
        "table stores: deleted\n"
    );
    assert_eq!(run(&["list"]).unwrap(), "");
    server.stop().unwrap();
}
