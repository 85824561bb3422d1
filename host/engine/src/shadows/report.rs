//! What came of asking a shadow: counts, and the newest differences, kept in a file beside the store.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use signalbox_model::{
    definitions::{Former, ResolvedBinding},
    id::{ContactId, JourneyId, Partition},
    shadow::Shadow,
    time::Instant,
    verdict::Answer,
};

use crate::evidence::answer_json;

/// Differences of a shadow that are kept, the newest; older ones are only counted.
pub const SHADOW_DIFFERENCES_MAX: usize = 1_000;
/// Longest JSON of an answer that is kept as it is, in bytes; of a longer one the beginning is, as a text.
const ANSWER_BYTES_MAX: usize = 2_000;

/// What came of asking a shadow so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShadowReport {
    /// Decisions in which the shadow said the same, its reason included.
    pub agree: u64,
    /// Decisions in which it said otherwise.
    pub differ: u64,
    /// Those of `differ` in which only the reason is another.
    pub reason_only: u64,
    /// Decisions in which it failed.
    pub failed: u64,
    /// Decisions on an occasion that its plan has not.
    pub not_asked: u64,
    /// Decisions that it was not asked about: too many waited, or it was stopped.
    pub not_compared: u64,
    /// Why it is asked no more, if so; the next start of the server asks it again.
    pub stopped: Option<String>,
    /// The newest decisions in which it differed or failed, in the order in which they were compared.
    pub differences: VecDeque<ShadowDifference>,
    /// Older ones that are left out.
    pub left_out: u64,
}

/// A decision in which a shadow differed or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShadowDifference {
    /// The partition of the record that asked.
    pub partition: Partition,
    /// Its sequence there.
    pub sequence: u64,
    /// When, in journey time.
    pub at: Instant,
    /// About whom.
    pub contact: ContactId,
    /// The journey that asked; `None` on the way in.
    pub journey: Option<JourneyId>,
    /// The file that decided.
    pub by: Former,
    /// What it said: a verdict as `plugin check` prints it, or `failed` with a message.
    pub decided: Json,
    /// What the shadow said.
    pub shadow: Json,
}

/// How two answers compare.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Compared {
    Agree,
    /// Both as JSON.
    Differ {
        decided: Json,
        shadow: Json,
        has_failed: bool,
        is_reason_only: bool,
    },
}

pub(super) fn compare(
    decided: (&Answer, Option<&ResolvedBinding>),
    shadow: (&Answer, &ResolvedBinding),
) -> Compared {
    let decided = answer_json(decided.0, decided.1);
    let (answer, binding) = shadow;
    let shadow = answer_json(answer, Some(binding));
    if answer.is_ok() && decided == shadow {
        return Compared::Agree;
    }
    Compared::Differ {
        has_failed: answer.is_err(),
        is_reason_only: answer.is_ok() && without_reason(&decided) == without_reason(&shadow),
        decided: cut(decided),
        shadow: cut(shadow),
    }
}

fn without_reason(answer: &Json) -> Json {
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut() {
        members.remove("reason");
    }
    answer
}

fn cut(answer: Json) -> Json {
    let mut text = answer.to_string();
    if text.len() <= ANSWER_BYTES_MAX {
        return answer;
    }
    text.truncate(text.floor_char_boundary(ANSWER_BYTES_MAX));
    text.push_str(" ...");
    Json::String(text)
}

impl ShadowReport {
    /// Decisions in which the shadow was asked.
    pub fn compared(&self) -> u64 {
        self.agree + self.differ + self.failed
    }

    pub(super) fn add(
        &mut self,
        compared: Compared,
        difference: impl FnOnce(Json, Json) -> ShadowDifference,
    ) {
        let Compared::Differ {
            decided,
            shadow,
            has_failed,
            is_reason_only,
        } = compared
        else {
            self.agree += 1;
            return;
        };
        if has_failed {
            self.failed += 1;
        } else {
            self.differ += 1;
            self.reason_only += u64::from(is_reason_only);
        }
        if self.differences.len() == SHADOW_DIFFERENCES_MAX {
            self.differences.pop_front();
            self.left_out += 1;
        }
        self.differences.push_back(difference(decided, shadow));
    }
}

/// The folder with a file for each report.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(data: &Path) -> Self {
        Self(data.join("shadows"))
    }

    fn file(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number}.json"))
    }

    /// `None` where there is none yet.
    pub(super) fn read(&self, number: u32) -> io::Result<Option<ShadowReport>> {
        match fs::read(self.file(number)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whole, or not at all.
    pub(super) fn write(&self, number: u32, report: &ShadowReport) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let part = self.0.join(format!(".{number}.part"));
        fs::write(&part, serde_json::to_vec(report)?)?;
        fs::rename(part, self.file(number))
    }

    /// Deletes what came of others than these.
    pub(super) fn keep_only(&self, shadows: &BTreeMap<u32, Shadow>) -> io::Result<()> {
        let found = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        let kept: BTreeSet<PathBuf> = shadows.keys().map(|number| self.file(*number)).collect();
        for file in found {
            let file = file?.path();
            if !kept.contains(&file) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, number: u32) -> io::Result<()> {
        match fs::remove_file(self.file(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_differences_are_kept_and_the_others_counted() {
        let mut report = ShadowReport::default();
        let total = SHADOW_DIFFERENCES_MAX as u64 + 3;
        for sequence in 1..=total {
            let compared = Compared::Differ {
                decided: json!({"member": true}),
                shadow: json!({"member": false}),
                has_failed: false,
                is_reason_only: false,
            };
            report.add(compared, |decided, shadow| ShadowDifference {
                partition: 0,
                sequence,
                at: Instant::from_ms(0),
                contact: ContactId::parse("ann").expect("an id"),
                journey: None,
                by: Former {
                    version: semver::Version::new(1, 0, 0),
                    digest: signalbox_model::id::Digest::of_bytes(b"a component"),
                },
                decided,
                shadow,
            });
        }
        assert_eq!((report.differ, report.left_out), (total, 3));
        assert_eq!(report.differences.len(), SHADOW_DIFFERENCES_MAX);
        assert_eq!(report.differences[0].sequence, 4);
    }

    #[test]
    fn a_long_answer_is_kept_as_its_beginning() {
        let long = json!({ "values": "ä".repeat(ANSWER_BYTES_MAX) });
        let Json::String(text) = cut(long) else {
            panic!("it is a text");
        };
        assert!(text.len() <= ANSWER_BYTES_MAX + 4 && text.ends_with(" ..."));
        let short = json!({ "member": true });
        assert_eq!(cut(short.clone()), short);
    }
}
