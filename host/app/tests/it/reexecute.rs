//! `store reexecute` on a store whose journal says something else than its rules.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use signalbox_journal::{Clock, Config, Entry, Journal, Sink};
use signalbox_model::{codec, record::Record, verdict::Verdict};

use crate::support::{run, said, shipped_plugins, signalbox};

/// As `crate::demo` needs them: two contacts, one of whom comes again.
const PURCHASES: &str = "\
00001 0001 19970101 1 29.33
00001 0001 19970118 2 60.10
00002 0002 19970103 1 12.00
";

/// The instant that the entry written next had.
struct Then(AtomicI64);

impl Clock for Then {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Sink for Then {
    fn durable(&self, _: &[Entry]) {}
}

/// Writes the journal anew with another reason in its first verdict; answers with the position that asked.
fn tamper(folder: &Path) -> String {
    let clock = Arc::new(Then(AtomicI64::new(0)));
    let partitions = Journal::verify(folder).unwrap().last.len();
    let open = || {
        let config = Config::new(folder, u16::try_from(partitions).unwrap());
        let sink = Arc::<Then>::clone(&clock);
        Journal::open(config, Arc::<Then>::clone(&clock), sink)
            .unwrap()
            .0
    };
    let old = open();
    let read = old.read_all(&vec![1; partitions]).unwrap();
    let entries: Vec<Entry> = read.collect::<Result<_, _>>().unwrap();
    old.close().unwrap();
    fs::remove_dir_all(folder).unwrap();
    let new = open();
    let mut asked = None;
    for entry in entries {
        clock.0.store(entry.logged_at_ms, Ordering::SeqCst);
        let mut record: Record = codec::decode(&entry.payload).unwrap();
        if let (None, Record::Decided(answers)) = (&asked, &mut record)
            && let Ok(Verdict::Trigger(verdict)) = &mut answers[0].answer
        {
            verdict.reason += 1;
            asked = Some(format!(
                "{}:{}",
                entry.position.partition, answers[0].sequence
            ));
        }
        let bytes = codec::encode(&record).unwrap();
        let ticket = new.append(entry.position.partition, bytes).unwrap();
        ticket.wait().unwrap();
    }
    new.close().unwrap();
    asked.unwrap()
}

#[test]
fn a_difference_is_named_and_fails_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("purchases.txt"), PURCHASES).unwrap();
    let plugins = shipped_plugins();
    let demo = signalbox()
        .args(["demo", "--keep", "--exit", "--listen", "127.0.0.1:0"])
        .args(["--data-file", "purchases.txt", "--plugins"])
        .arg(&plugins)
        .env("TMPDIR", at)
        .current_dir(at)
        .output()
        .unwrap();
    let text = said(&demo);
    let kept = text
        .lines()
        .find_map(|line| line.split_once("the data folder is kept: "));
    let data = kept.unwrap_or_else(|| panic!("{text}")).1.trim();
    let plugins = plugins.to_string_lossy();
    let reexecute = || {
        let command = [
            "store",
            "reexecute",
            "--data",
            data,
            "--plugins",
            plugins.as_ref(),
        ];
        run(&command, at)
    };
    let equal = reexecute();
    assert!(
        equal.starts_with("exit 0\n")
            && equal.contains(" 0 different; 0 not re-executable\n")
            && !equal.contains("nothing"),
        "{equal}"
    );

    let position = tamper(&Path::new(data).join("journal"));
    let different = reexecute();
    for part in [
        "exit 1\n",
        &format!("different: record {position}, contact "),
        " equal, 1 different; 0 not re-executable\n",
        "error: one decision comes out otherwise than recorded\n",
    ] {
        assert!(different.contains(part), "{part:?} is not in {different}");
    }
}
