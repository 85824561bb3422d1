//! The settings as a config file with comments: what `signalbox config` prints.

use std::fmt::Write as _;

use super::{
    help::SETTINGS,
    layers::{Loaded, find, table_of},
};

impl Loaded {
    /// The settings in effect as TOML, each with its meaning and, unless it is the default, its origin. Secrets are
    /// masked.
    pub(crate) fn to_toml(&self) -> String {
        let table = table_of(&self.config);
        let mut text = "# Signalbox settings. A later layer wins: this file, then the environment \
                        (smtp.host is\n# SIGNALBOX_SMTP__HOST), then flags (--set smtp.host=...).\n"
            .to_owned();
        let mut section = "";
        for (key, meaning) in SETTINGS {
            let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
            if parent != section {
                section = parent;
                let _ = write!(text, "\n[{section}]\n");
            }
            let _ = writeln!(text, "# {meaning}");
            let origin = self
                .origins
                .get(*key)
                .map(|origin| format!(" # from {origin}"))
                .unwrap_or_default();
            let _ = match find(&table, key) {
                Some(value) => writeln!(text, "{name} = {value}{origin}"),
                None => writeln!(text, "# {name} = not set"),
            };
        }
        text
    }
}
