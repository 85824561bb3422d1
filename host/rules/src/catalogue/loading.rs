//! The threads that load: one file at a time each, through every gate of the load sequence.
//!
//! Started by `catalogue`, fed by `watch`. A file that fails a gate leaves what it held before in place.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use signalbox_model::id::Digest;
use wasmtime::component::Component;

use super::{
    CatalogueEvent, Held, Inner,
    watch::{Stamp, Wake},
};
use crate::{
    compile,
    error::{LoadError, cut},
    files, inspect,
    load::{self, Compiled},
    plugin::Plugin,
    trust::TrustedKey,
};

/// A file, the state in which it was seen, and what to do with it.
pub(super) struct Job {
    pub(super) name: String,
    pub(super) stamp: Stamp,
    pub(super) purpose: Purpose,
}

/// What a file is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It was seen just now and may still be being written: only its compiled code is made, should it stay as it is.
    Prepare,
    /// It has been still: take it through every gate.
    Load,
}

/// Runs until the watching thread is gone and its queue is empty.
pub(super) fn run(inner: &Inner, queue: &Mutex<mpsc::Receiver<Job>>, wake: &mpsc::Sender<Wake>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        match job.purpose {
            Purpose::Prepare => prepare(inner, &job),
            Purpose::Load => load_file(inner, &job),
        }
        let _ = wake.send(Wake::Look);
    }
}

/// Fails silently: whoever loads the file fails likewise, and says so.
fn prepare(inner: &Inner, job: &Job) {
    let path = inner.config.folder.join(&job.name);
    if let Ok(Some(bytes)) = read_still(inner, &path, job.stamp) {
        let digest = Digest::of_bytes(&bytes);
        let is_trusted = inner.config.trust.signer(&path, digest).is_ok();
        if is_trusted && inner.plugin(digest).is_none() {
            let _ = inner.compiled(digest, &bytes);
        }
    }
    not_loading(inner, job);
}

fn not_loading(inner: &Inner, job: &Job) {
    if let Some(record) = inner.files().records.get_mut(&job.name) {
        record.loading = false;
    }
}

fn load_file(inner: &Inner, job: &Job) {
    let path = inner.config.folder.join(&job.name);
    let loaded = match read_still(inner, &path, job.stamp) {
        // It changed while it was read: it will be seen to be still again.
        Ok(None) => return not_loading(inner, job),
        Ok(Some(bytes)) => load_signed(inner, job, &path, &bytes),
        Err(error) => Err(error),
    };
    match loaded {
        Ok((plugin, signer)) => made_current(inner, job, &plugin, signer),
        Err(error) => refused(inner, job, error),
    }
}

/// Nothing of a file that lacks a signature is compiled or run.
fn load_signed(
    inner: &Inner,
    job: &Job,
    path: &Path,
    bytes: &[u8],
) -> Result<(Arc<Plugin>, Option<TrustedKey>), LoadError> {
    let digest = Digest::of_bytes(bytes);
    let signer = inner.config.trust.signer(path, digest);
    let signer = signer.inspect_err(|_| {
        // These bytes were signed before and are not any more: as little to be bound anew as if the file were gone.
        if let Some(record) = inner.files().records.get_mut(&job.name)
            && record
                .current
                .as_ref()
                .is_some_and(|held| held.digest == digest)
        {
            record.current = record.previous.take();
        }
    })?;
    Ok((inner.load(bytes)?, signer))
}

/// The file's bytes, if it is still in the state it was seen in before and after reading.
fn read_still(inner: &Inner, path: &Path, stamp: Stamp) -> Result<Option<Vec<u8>>, LoadError> {
    let bytes_max = inner.engine.limits().component_bytes_max;
    let bytes = match files::read(path, bytes_max) {
        Ok(bytes) => bytes,
        // What stands there now is no plugin, as little as if it were gone.
        Err(files::Error::NotPlain) => return Ok(None),
        Err(files::Error::System(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(files::Error::System(error)) => {
            let reason = error.to_string();
            return Err(LoadError::Unreadable { reason });
        }
        Err(files::Error::TooLarge { bytes, bytes_max }) => {
            return Err(LoadError::TooLarge { bytes, bytes_max });
        }
    };
    let is_still = Stamp::of(path) == Some(stamp);
    Ok(is_still.then_some(bytes))
}

fn made_current(inner: &Inner, job: &Job, plugin: &Plugin, signer: Option<TrustedKey>) {
    let (name, version) = (
        plugin.description.name.clone(),
        plugin.description.version.clone(),
    );
    let (is_released, twin, freed) = {
        let mut files = inner.files();
        let unhindered = inner.unhindered(&files);
        files.loads += 1;
        let held = Held {
            digest: plugin.digest,
            order: files.loads,
            signer,
        };
        let is_released = files.releases.allow(&inner.config.trust, &held);
        let before = files.records.get_mut(&job.name);
        let before = before.and_then(|record| record.current.take());
        // What could not be bound is nothing to return to.
        let before =
            before.filter(|before| before.digest != held.digest && inner.is_good(&files, before));
        let record = files.records.entry(job.name.clone()).or_default();
        if before.is_some() {
            record.previous = before;
        }
        record.current = Some(held);
        record.stamp = Some(job.stamp);
        record.error = None;
        record.loading = false;
        let mut after = inner.unhindered(&files);
        after.retain(|(file, _)| *file != job.name);
        let held = files.records.get(&job.name);
        let held = held.and_then(|record| record.current.as_ref());
        let twin = held.and_then(|held| inner.twin(&files, held).map(str::to_owned));
        (is_released, twin, (unhindered, after))
    };
    let (file, digest) = (job.name.clone(), plugin.digest);
    let event = if let Some(other) = twin {
        let error = LoadError::Twice {
            name,
            version: version.to_string(),
            other,
        };
        tracing::warn!(
            error.code = error.code(),
            "plugin file {file} is refused: {error}"
        );
        CatalogueEvent::Refused { file, error }
    } else if is_released {
        tracing::info!(
            rule.name = %name, rule.version = %version, rule.digest = %digest,
            "plugin {name} {version} is available from {file}"
        );
        CatalogueEvent::Available {
            file,
            name,
            version,
            digest,
        }
    } else {
        tracing::info!(
            rule.name = %name, rule.version = %version, rule.digest = %digest,
            "plugin {name} {version} from {file} waits for its release"
        );
        CatalogueEvent::Unreleased {
            file,
            name,
            version,
            digest,
        }
    };
    (inner.events)(event);
    let (before, after) = freed;
    inner.tell_freed(&before, &after);
}

fn refused(inner: &Inner, job: &Job, error: LoadError) {
    {
        let mut files = inner.files();
        let record = files.records.entry(job.name.clone()).or_default();
        record.stamp = Some(job.stamp);
        record.error = Some(error.clone());
        record.loading = false;
    }
    tracing::warn!(
        error.code = error.code(),
        "plugin file {} is refused: {error}",
        job.name
    );
    (inner.events)(CatalogueEvent::Refused {
        file: job.name.clone(),
        error,
    });
}

impl Inner {
    /// Takes a file's bytes through every gate.
    fn load(&self, bytes: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        let digest = Digest::of_bytes(bytes);
        if let Some(plugin) = self.plugin(digest) {
            return Ok(plugin);
        }
        let plugin = load::admit(&self.engine, &self.compiled(digest, bytes)?)?;
        let kept = self.cache.keep_component(digest, bytes);
        kept.map_err(|e| LoadError::DataFolder {
            reason: e.to_string(),
        })?;
        Ok(self.keep(plugin))
    }

    /// Makes a digest ready that was let in before. Its cases are not run again.
    pub(super) fn ensure(&self, digest: Digest) -> Result<Arc<Plugin>, LoadError> {
        if let Some(plugin) = self.plugin(digest) {
            return Ok(plugin);
        }
        let bytes = self
            .cache
            .component(digest)
            .map_err(|e| LoadError::Unreadable {
                reason: e.to_string(),
            })?;
        let plugin = load::reopen(&self.engine, &self.compiled(digest, &bytes)?)?;
        Ok(self.keep(plugin))
    }

    fn keep(&self, plugin: Plugin) -> Arc<Plugin> {
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = self.known_bad().get(&plugin.digest) {
            plugin.health.quarantine(reason);
        }
        // Another thread may have been quicker: the first one has the record of how it fares.
        Arc::clone(
            plugins
                .entry(plugin.digest)
                .or_insert_with(|| Arc::new(plugin)),
        )
    }

    fn compiled(&self, digest: Digest, bytes: &[u8]) -> Result<Compiled, LoadError> {
        let kinds = inspect::inspect(bytes, self.engine.limits())?;
        let code = match self.cache.get(&self.engine, digest) {
            Ok(Some(code)) => code,
            Ok(None) | Err(_) => self.compile(digest, bytes)?,
        };
        Ok(Compiled {
            digest,
            bytes: bytes.len() as u64,
            kinds,
            code,
        })
    }

    fn compile(&self, digest: Digest, bytes: &[u8]) -> Result<Component, LoadError> {
        let folder_error = |e: std::io::Error| LoadError::DataFolder {
            reason: e.to_string(),
        };
        let name = format!("{digest}.{:?}", std::thread::current().id());
        let component = self.cache.incoming(&format!("{name}.wasm"));
        let code = self.cache.incoming(&format!("{name}.code"));
        fs::write(&component, bytes).map_err(folder_error)?;
        let limits = self.engine.limits();
        let compiled = compile::compile(&self.config.compile_command, limits, &component, &code)
            .and_then(|()| fs::read(&code).map_err(folder_error))
            .and_then(|code| {
                self.cache
                    .put(&self.engine, digest, &code)
                    .map_err(folder_error)
            });
        let _ = fs::remove_file(&component);
        let _ = fs::remove_file(&code);
        compiled?;
        match self.cache.get(&self.engine, digest) {
            Ok(Some(code)) => Ok(code),
            Ok(None) => Err(LoadError::Compile {
                reason: "the compiled code is gone again".to_owned(),
            }),
            Err(reason) => Err(LoadError::Compile {
                reason: cut(&reason),
            }),
        }
    }
}
