//! Whose signatures count, and what is asked of a component before it may be bound.
//!
//! Made by `app` from the settings, asked by `catalogue` of each file before anything of it is compiled or run, and by
//! `engine` of each release. It knows keys and persons only; what was released, the control partition says.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use signalbox_model::id::{self, ActorName, Digest};

use crate::{
    error::LoadError,
    files,
    signature::{self, PublicKey, Purpose, SIGNATURE_SUFFIX, STATEMENT_BYTES_MAX, Statement},
};

/// Most keys that are trusted.
pub const KEYS_MAX: usize = 100;

/// What is asked of a component before it may be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Requirement {
    /// That it is in the folder and passes every gate of the load sequence.
    #[default]
    Nothing,
    /// That somebody who is trusted has signed it, too.
    Signature,
    /// That somebody else who is trusted has released it, too.
    Release,
}

/// A key and whose it is. As text: `PERSON KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// Who signs with it.
    pub person: ActorName,
    /// The key.
    pub key: PublicKey,
}

/// Why a text is no trusted key.
#[derive(Debug, thiserror::Error)]
pub enum TrustedKeyError {
    /// Not two words.
    #[error(
        "write a person's name, a blank and their public key, as `signalbox plugin keygen` prints them"
    )]
    Form,
    /// The person's name is none.
    #[error(transparent)]
    Person(id::Error),
    /// The key is none.
    #[error(transparent)]
    Key(signature::Error),
}

impl FromStr for TrustedKey {
    type Err = TrustedKeyError;

    fn from_str(text: &str) -> Result<Self, TrustedKeyError> {
        let (person, key) = text.trim().split_once(' ').ok_or(TrustedKeyError::Form)?;
        Ok(Self {
            person: person.parse().map_err(TrustedKeyError::Person)?,
            key: key.trim().parse().map_err(TrustedKeyError::Key)?,
        })
    }
}

/// Why keys cannot be trusted as they are given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// More than [`KEYS_MAX`].
    #[error("there are {0} keys, at most {KEYS_MAX} are trusted")]
    TooMany(usize),
    /// One key of two entries: nobody could say whose its signatures are.
    #[error("the key {0} is given twice")]
    Twice(PublicKey),
    /// Two names that differ in capitals only.
    #[error("{0} and {1} differ in capitals only: give one person one name")]
    Alike(ActorName, ActorName),
    /// Nobody could fulfil what is asked.
    #[error(
        "a release needs keys of two persons, a signature one: nothing could be bound with {0}"
    )]
    TooFewPersons(usize),
}

/// See the module. By default nothing is asked and nobody is trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    requirement: Requirement,
    persons: BTreeMap<PublicKey, ActorName>,
}

impl Trust {
    /// Asks that of components, by these keys. One person may have several.
    ///
    /// # Errors
    /// When a key or a person is not told from another, there are too many keys, or too few persons for what is asked.
    pub fn new(requirement: Requirement, keys: Vec<TrustedKey>) -> Result<Self, TrustError> {
        if keys.len() > KEYS_MAX {
            return Err(TrustError::TooMany(keys.len()));
        }
        let mut names: BTreeMap<String, ActorName> = BTreeMap::new();
        let mut persons = BTreeMap::new();
        for TrustedKey { person, key } in keys {
            let known = names.entry(person.as_str().to_ascii_lowercase());
            let known = known.or_insert_with(|| person.clone());
            if *known != person {
                return Err(TrustError::Alike(known.clone(), person));
            }
            if persons.insert(key, person).is_some() {
                return Err(TrustError::Twice(key));
            }
        }
        let needed = match requirement {
            Requirement::Nothing => 0,
            Requirement::Signature => 1,
            Requirement::Release => 2,
        };
        if names.len() < needed {
            return Err(TrustError::TooFewPersons(names.len()));
        }
        Ok(Self {
            requirement,
            persons,
        })
    }

    /// What is asked of components.
    pub fn requirement(&self) -> Requirement {
        self.requirement
    }

    /// The same without releases, for whoever cannot know them.
    #[must_use]
    pub fn by_signature_only(mut self) -> Self {
        self.requirement = self.requirement.min(Requirement::Signature);
        self
    }

    /// Whose the key is, if it is trusted.
    pub fn person(&self, key: PublicKey) -> Option<&ActorName> {
        self.persons.get(&key)
    }

    /// Who has signed the component in that file, and with which key, by the file beside it; `None` where nobody is asked to.
    pub(crate) fn signer(
        &self,
        component: &Path,
        digest: Digest,
    ) -> Result<Option<TrustedKey>, LoadError> {
        if self.requirement < Requirement::Signature {
            return Ok(None);
        }
        let statement = read(&signature_path(component))?;
        if statement.digest() != digest {
            return Err(LoadError::SignatureOfOther {
                signed: statement.digest(),
                digest,
            });
        }
        let Some(person) = self.person(statement.key()) else {
            return Err(LoadError::SignerUnknown {
                key: statement.key(),
            });
        };
        if !statement.is_true() {
            return Err(LoadError::SignatureInvalid {
                reason: format!("it is not what {person} signs these bytes with"),
            });
        }
        Ok(Some(TrustedKey {
            person: person.clone(),
            key: statement.key(),
        }))
    }
}

/// Where the signature of a component's file stands.
pub fn signature_path(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(SIGNATURE_SUFFIX);
    path.into()
}

fn read(path: &Path) -> Result<Statement, LoadError> {
    let invalid = |reason: String| LoadError::SignatureInvalid { reason };
    let bytes = files::read(path, STATEMENT_BYTES_MAX).map_err(|error| match error {
        files::Error::NotPlain => LoadError::Unsigned,
        files::Error::System(error) if error.kind() == io::ErrorKind::NotFound => {
            LoadError::Unsigned
        }
        files::Error::System(error) => invalid(format!("it cannot be read: {error}")),
        files::Error::TooLarge { bytes_max, .. } => {
            invalid(format!("it has more than {bytes_max} bytes"))
        }
    })?;
    let text = str::from_utf8(&bytes).map_err(|_| invalid("it is not text".to_owned()))?;
    Statement::parse(Purpose::Signature, text).map_err(|error| invalid(error.to_string()))
}
