//! The room table of `host/docs/architecture.md` is law: who may use whom, and who owns which heavy library.
//! `tidy` calls it with the table's text and what cargo says about the members.
//! It never holds a second copy of the table.

use super::Problem;
use crate::workspace::root;
use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata};
use std::collections::{BTreeMap, BTreeSet};

/// The document that holds the table.
pub(super) const MAP: &str = "host/docs/architecture.md";

/// What lies beside the rooms under `host/`: nothing may depend on it, and it may use any library
/// (a benchmark runs the bare library as its baseline).
const BESIDE: [&str; 3] = ["bench", "e2e", "xtask"];

/// The one room that may answer with errors of any kind, since nobody handles them further.
const BINARY: &str = "app";

/// The pure core and all it may stand on: no clock, no I/O, no randomness can come in this way.
const PURE: (&str, [&str; 4]) = (
    "journey",
    ["serde", "serde_json", "signalbox-model", "thiserror"],
);

/// One package of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Member {
    package: String,
    /// Relative to the repository's root.
    folder: String,
    /// Names of everything it depends on, for building and for its tests.
    all: BTreeSet<String>,
    /// Names of what ends up in the product.
    shipped: BTreeSet<String>,
}

#[derive(Debug)]
struct Room<'a> {
    name: &'a str,
    owns: Vec<&'a str>,
}

pub(super) fn members(metadata: &Metadata) -> Result<Vec<Member>> {
    let root = root();
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let folder = package
                .manifest_path
                .parent()
                .and_then(|folder| folder.as_std_path().strip_prefix(&root).ok())
                .with_context(|| format!("{} lies outside the repository", package.name))?;
            let dependencies = |shipped: bool| {
                package
                    .dependencies
                    .iter()
                    .filter(|dependency| !shipped || dependency.kind == DependencyKind::Normal)
                    .map(|dependency| dependency.name.clone())
                    .collect()
            };
            Ok(Member {
                package: package.name.to_string(),
                folder: folder.to_string_lossy().into_owned(),
                all: dependencies(false),
                shipped: dependencies(true),
            })
        })
        .collect()
}

pub(super) fn check(map: &str, members: &[Member]) -> Vec<Problem> {
    let rooms = rooms(map);
    if rooms.is_empty() {
        return vec![Problem::of_file(
            MAP,
            "holds no table of rooms (| [name](../name) | purpose | owns |)",
        )];
    }
    let mut problems = every_folder_is_in_the_table(&rooms, members);
    for member in members {
        problems.extend(only_rooms_above(&rooms, members, member));
        problems.extend(only_own_heavy_libraries(&rooms, member));
        problems.extend(errors_are_typed(&rooms, member));
    }
    problems
}

/// The rows whose first cell is a link `[name](../name)`; the third names libraries in backticks.
fn rooms(map: &str) -> Vec<Room<'_>> {
    map.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, room, _, owns, ..] = cells[..] else {
                return None;
            };
            let (name, link) = room
                .strip_prefix('[')?
                .strip_suffix(')')?
                .split_once("](../")?;
            let owns = owns.split('`').skip(1).step_by(2).collect();
            (name == link).then_some(Room { name, owns })
        })
        .collect()
}

impl Member {
    /// The name under `host/`; none for what lies elsewhere, such as an SDK.
    fn room(&self) -> Option<&str> {
        self.folder.strip_prefix("host/")
    }

    fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

fn every_folder_is_in_the_table(rooms: &[Room], members: &[Member]) -> Vec<Problem> {
    let folders: BTreeSet<&str> = members.iter().filter_map(Member::room).collect();
    let strangers = folders
        .iter()
        .filter(|name| !BESIDE.contains(name) && !rooms.iter().any(|room| room.name == **name))
        .map(|name| Problem::of_file(MAP, format!("does not know the room `{name}`")));
    let missing = rooms
        .iter()
        .filter(|room| !folders.contains(room.name))
        .map(|room| {
            Problem::of_file(
                MAP,
                format!("names the room `{}`, which does not exist", room.name),
            )
        });
    strangers.chain(missing).collect()
}

fn only_rooms_above(rooms: &[Room], members: &[Member], member: &Member) -> Vec<Problem> {
    let packages: BTreeMap<&str, &str> = members
        .iter()
        .filter_map(|member| Some((member.package.as_str(), member.room()?)))
        .collect();
    let place = |name: &str| rooms.iter().position(|room| room.name == name);
    let own_place = member.room().and_then(place);
    member
        .all
        .iter()
        .filter_map(|dependency| packages.get(dependency.as_str()))
        .filter_map(|used| match (own_place, place(used)) {
            (_, None) => Some(format!("uses `{used}`, which nothing may depend on")),
            (Some(own), Some(used_place)) if used_place >= own => Some(format!(
                "uses the room `{used}`, which does not lie above it"
            )),
            (Some(_) | None, Some(_)) => None,
        })
        .map(|what| Problem::of_file(&member.manifest(), what))
        .collect()
}

fn only_own_heavy_libraries(rooms: &[Room], member: &Member) -> Vec<Problem> {
    let Some(name) = member.room().filter(|name| !BESIDE.contains(name)) else {
        return Vec::new();
    };
    rooms
        .iter()
        .filter(|room| room.name != name)
        .flat_map(|room| room.owns.iter().map(move |library| (room.name, *library)))
        .filter(|(_, library)| member.all.contains(*library))
        .map(|(owner, library)| {
            let what = format!("uses `{library}`, which belongs to the room `{owner}` alone");
            Problem::of_file(&member.manifest(), what)
        })
        .collect()
}

fn errors_are_typed(rooms: &[Room], member: &Member) -> Vec<Problem> {
    let Some(name) = member
        .room()
        .filter(|name| rooms.iter().any(|room| room.name == *name))
    else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if name != BINARY && member.shipped.contains("anyhow") {
        problems.push("answers with `anyhow`: a room's errors are enums of its own".to_owned());
    }
    let (pure, foundation) = PURE;
    if name == pure {
        let strangers = member
            .shipped
            .iter()
            .filter(|dependency| !foundation.contains(&dependency.as_str()));
        problems.extend(
            strangers
                .map(|dependency| format!("uses `{dependency}`: the pure core stands on nothing")),
        );
    }
    problems
        .into_iter()
        .map(|what| Problem::of_file(&member.manifest(), what))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::text, Member, check};

    const MAP: &str = "\
        | room | purpose | owns |\n\
        |---|---|---|\n\
        | [model](../model) | the words | `jiff` |\n\
        | [journey](../journey) | the core | nothing |\n\
        | [mail](../mail) | mails | `lettre`, `mrml` |\n\
        | [app](../app) | the binary | `clap` |\n";

    fn member(package: &str, folder: &str, shipped: &[&str], for_tests: &[&str]) -> Member {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Member {
            package: package.into(),
            folder: folder.into(),
            all: names(&[shipped, for_tests].concat()),
            shipped: names(shipped),
        }
    }

    fn good() -> Vec<Member> {
        vec![
            member("signalbox-model", "host/model", &["serde", "jiff"], &[]),
            member(
                "signalbox-journey",
                "host/journey",
                &["signalbox-model"],
                &["insta"],
            ),
            member(
                "signalbox-mail",
                "host/mail",
                &["signalbox-model", "lettre"],
                &[],
            ),
            member(
                "signalbox",
                "host/app",
                &["signalbox-mail", "clap", "anyhow"],
                &[],
            ),
            member("signalbox-xtask", "host/xtask", &["clap", "anyhow"], &[]),
            member(
                "signalbox-bench",
                "host/bench",
                &["signalbox-mail", "lettre"],
                &[],
            ),
            member("signalbox-sdk", "plugin-sdk/rust", &["serde"], &[]),
        ]
    }

    fn with(changed: Member) -> Vec<Member> {
        let mut members = good();
        members.retain(|member| member.package != changed.package);
        members.push(changed);
        members
    }

    #[test]
    fn table_and_members_agree() {
        assert_eq!(text(&check(MAP, &good())), "");
        assert_eq!(
            text(&check("no table", &good())),
            "host/docs/architecture.md: holds no table of rooms (| [name](../name) | purpose | owns |)"
        );
    }

    #[test]
    fn folders_and_table_name_the_same_rooms() {
        let mut members = with(member("signalbox-extra", "host/extra", &[], &[]));
        members.retain(|member| member.package != "signalbox");
        assert_eq!(
            text(&check(MAP, &members)),
            "host/docs/architecture.md: does not know the room `extra`\n\
             host/docs/architecture.md: names the room `app`, which does not exist"
        );
    }

    #[test]
    fn room_uses_only_rooms_above_even_in_its_tests() {
        let members = with(member(
            "signalbox-model",
            "host/model",
            &[],
            &["signalbox-mail"],
        ));
        assert_eq!(
            text(&check(MAP, &members)),
            "host/model/Cargo.toml: uses the room `mail`, which does not lie above it"
        );
        let members = with(member(
            "signalbox-mail",
            "host/mail",
            &["signalbox-xtask"],
            &[],
        ));
        assert_eq!(
            text(&check(MAP, &members)),
            "host/mail/Cargo.toml: uses `xtask`, which nothing may depend on"
        );
    }

    #[test]
    fn heavy_library_has_one_owner() {
        let members = with(member("signalbox", "host/app", &["mrml"], &["lettre"]));
        assert_eq!(
            text(&check(MAP, &members)),
            "host/app/Cargo.toml: uses `lettre`, which belongs to the room `mail` alone\n\
             host/app/Cargo.toml: uses `mrml`, which belongs to the room `mail` alone"
        );
    }

    #[test]
    fn core_stays_pure_and_errors_typed() {
        let members = with(member(
            "signalbox-journey",
            "host/journey",
            &["anyhow", "rand"],
            &["proptest"],
        ));
        assert_eq!(
            text(&check(MAP, &members)),
            "host/journey/Cargo.toml: answers with `anyhow`: a room's errors are enums of its own\n\
             host/journey/Cargo.toml: uses `anyhow`: the pure core stands on nothing\n\
             host/journey/Cargo.toml: uses `rand`: the pure core stands on nothing"
        );
    }
}
