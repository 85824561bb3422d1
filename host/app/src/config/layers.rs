//! Puts the layers of settings over each other and remembers where each value comes from.
//!
//! `load` is what commands call. It must never quote a line of the config file: it may hold the password.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, is_exposed};
use crate::cli::ServerSettings;

/// What environment variables of ours begin with; two underscores part the levels of a setting's name.
const VARIABLE_PREFIX: &str = "SIGNALBOX_";
/// A variable that names the config file, so no setting itself.
const CONFIG_VARIABLE: &str = "SIGNALBOX_CONFIG";
/// Largest config file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The settings in effect, and where each that is not the default comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) origins: Origins,
}

/// Where values come from, by the full name of the setting.
pub(crate) type Origins = BTreeMap<String, Origin>;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the config file {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the config file {} has {bytes} bytes, at most {FILE_BYTES_MAX} are read", path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("{}, line {line}, column {column}: {reason}", path.display())]
    File {
        path: PathBuf,
        line: usize,
        column: usize,
        reason: String,
    },
    #[error("{} holds a password and can be read by others: run chmod 600 on it", path.display())]
    Exposed { path: PathBuf },
    #[error("--set {text}: write KEY=VALUE, such as --set limits.rules.deadline_ms=500")]
    NotASetting { text: String },
    #[error("{origin}: there is no setting {key}; `signalbox config` lists all of them")]
    Unknown { origin: Origin, key: String },
    #[error("{origin}: {key}: {reason}")]
    Value {
        origin: Origin,
        key: String,
        reason: String,
    },
    #[error("{key} {reason}")]
    Combined { key: &'static str, reason: String },
}

/// Loads the settings. `variables` is the environment, given so that tests can give another.
pub(crate) fn load(
    settings: &ServerSettings,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Error> {
    let defaults = defaults();
    let mut layers = Layers {
        table: defaults.clone(),
        defaults,
        origins: Origins::new(),
    };
    if let Some(path) = &settings.settings.config {
        layers.put_file(path)?;
    }
    let mut variables: Vec<_> = variables.into_iter().collect();
    variables.sort();
    for (name, text) in variables {
        layers.put_variable(&name, &text)?;
    }
    for (flag, key, value) in flags(settings)? {
        layers.put_text(&key, &value, Origin::Flag(flag))?;
    }
    layers.finish()
}

/// The defaults as a table; settings that are off by default are not in it.
pub(crate) fn defaults() -> Table {
    table_of(&Config::default())
}

/// The settings as a table, secrets masked.
pub(crate) fn table_of(config: &Config) -> Table {
    Table::try_from(config).expect("every setting can be written as TOML, as the tests show")
}

struct Layers {
    table: Table,
    defaults: Table,
    origins: Origins,
}

impl Layers {
    fn put_file(&mut self, path: &Path) -> Result<(), Error> {
        let read_error = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let bytes = fs::metadata(path).map_err(read_error)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(Error::TooLarge {
                path: path.to_owned(),
                bytes,
            });
        }
        let text = fs::read_to_string(path).map_err(read_error)?;
        // Read as settings first: its errors know the line, those of a table do not.
        let config: Config =
            toml::from_str(&text).map_err(|error| file_error(path, &text, &error))?;
        if config.smtp.password.is_some() && is_exposed(path).map_err(read_error)? {
            return Err(Error::Exposed {
                path: path.to_owned(),
            });
        }
        let table: Table =
            toml::from_str(&text).map_err(|error| file_error(path, &text, &error))?;
        let mut leaves = Vec::new();
        collect_leaves("", &Value::Table(table), &mut leaves);
        for (key, value) in leaves {
            self.put(&key, value, Origin::File(path.to_owned()));
        }
        Ok(())
    }

    fn put_variable(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else {
            return Ok(());
        };
        if name == CONFIG_VARIABLE {
            return Ok(());
        }
        let key = rest.to_ascii_lowercase().replace("__", ".");
        self.put_text(&key, text, Origin::Variable(name.to_owned()))
    }

    /// A value that came as a text: it is read as its default's type.
    fn put_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), Error> {
        let default = find(&self.defaults, key);
        if default.is_none_or(Value::is_table) && !super::help::is_setting(key) {
            return Err(Error::Unknown {
                origin,
                key: key.to_owned(),
            });
        }
        let wrong = |what: &str| Error::Value {
            origin: origin.clone(),
            key: key.to_owned(),
            reason: format!("{what} is needed"),
        };
        let value = match default {
            Some(Value::Integer(_)) => {
                let digits = text.replace('_', "");
                Value::Integer(digits.parse().map_err(|_| wrong("a whole number"))?)
            }
            Some(Value::Float(_)) => Value::Float(text.parse().map_err(|_| wrong("a number"))?),
            Some(Value::Boolean(_)) => {
                Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?)
            }
            Some(Value::Array(_)) => {
                let items = text.split(',').map(str::trim);
                let items = items.filter(|item| !item.is_empty());
                Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
            }
            _ => Value::String(text.to_owned()),
        };
        self.put(key, value, origin);
        Ok(())
    }

    fn put(&mut self, key: &str, value: Value, origin: Origin) {
        self.origins.insert(key.to_owned(), origin);
        let mut table = &mut self.table;
        let mut names: Vec<&str> = key.split('.').collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            let inner = table
                .entry(name)
                .or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else { return };
            table = inner;
        }
        table.insert(last.to_owned(), value);
    }

    fn finish(self) -> Result<Loaded, Error> {
        let config: Config =
            serde_path_to_error::deserialize(Value::Table(self.table)).map_err(|error| {
                let key = error.path().to_string();
                let reason = error.into_inner().message().to_owned();
                match self.origins.get(&key) {
                    Some(origin) => Error::Value {
                        origin: origin.clone(),
                        key,
                        reason,
                    },
                    None => Error::Combined {
                        key: "settings",
                        reason: format!("{key}: {reason}"),
                    },
                }
            })?;
        if let Some((key, reason)) = config.problem() {
            return Err(match self.origins.get(key) {
                Some(origin) => Error::Value {
                    origin: origin.clone(),
                    key: key.to_owned(),
                    reason,
                },
                None => Error::Combined { key, reason },
            });
        }
        Ok(Loaded {
            config,
            origins: self.origins,
        })
    }
}

fn file_error(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |start| start.chars().count())
        + 1;
    Error::File {
        path: path.to_owned(),
        line,
        column,
        reason: error.message().to_owned(),
    }
}

fn collect_leaves(prefix: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
    let Value::Table(table) = value else {
        leaves.push((prefix.to_owned(), value.clone()));
        return;
    };
    for (name, inner) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        collect_leaves(&key, inner, leaves);
    }
}

/// The full names of everything in the table.
#[cfg(test)]
pub(super) fn keys(table: &Table) -> Vec<String> {
    let mut leaves = Vec::new();
    collect_leaves("", &Value::Table(table.clone()), &mut leaves);
    leaves.into_iter().map(|(key, _)| key).collect()
}

/// The value of that full name.
pub(crate) fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let mut names = key.split('.');
    let mut value = table.get(names.next()?)?;
    for name in names {
        value = value.as_table()?.get(name)?;
    }
    Some(value)
}

/// The flags that were given: as written, and the setting and value that each means.
fn flags(server: &ServerSettings) -> Result<Vec<(String, String, String)>, Error> {
    let settings = &server.settings;
    let path = |path: &Option<PathBuf>| {
        path.as_ref()
            .map(|path| path.to_string_lossy().into_owned())
    };
    let named = [
        ("--data", "data", path(&settings.data)),
        ("--plugins", "plugins", path(&settings.plugins)),
        ("--listen", "listen", server.listen.clone()),
        ("--clock", "clock", server.clock.clone()),
        ("--transport", "transport", server.transport.clone()),
        ("--log", "log.format", settings.log.clone()),
        ("--log-filter", "log.filter", settings.log_filter.clone()),
    ];
    let mut flags: Vec<_> = named
        .into_iter()
        .filter_map(|(flag, key, value)| Some((flag.to_owned(), key.to_owned(), value?)))
        .collect();
    for text in &settings.set {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| Error::NotASetting { text: text.clone() })?;
        let key = key.trim().to_owned();
        flags.push((format!("--set {key}"), key, value.trim().to_owned()));
    }
    Ok(flags)
}
