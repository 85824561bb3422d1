//! Gives disk space back: copies the rows into a new database when the old one's files have grown far beyond them.
//!
//! sled 0.34 keeps most of the space that changed and deleted rows took. When the files are twice as large as after
//! the last copy the rows are copied again, page by page between two flushes, while commits and reads go on. The file
//! `generation` says which database is the store's; a process that dies at any point leaves one that is whole under
//! that name, and the next open removes the other.

use std::sync::{Arc, PoisonError};

use crate::{
    copy::Copied,
    db::{Db, Settings},
    error::{Error, OpenError},
    files,
    flush::Core,
    meta::{Generation, Layout},
};

/// Files that are so many times as large as after the last copy are copied again.
const GROWTH_TIMES: u64 = 2;
/// After a copy that failed so many flushes pass before the next is begun: five minutes by default.
const FLUSHES_AFTER_FAILURE: u32 = 600;

/// Decides when the rows are copied, and does it. The background thread has the only one.
#[derive(Debug)]
pub(crate) struct Compactor {
    settings: Settings,
    from_bytes: u64,
    generation: Generation,
    /// Files of so many bytes are copied.
    due_bytes: u64,
    is_copying: bool,
    /// Flushes that still have to pass before a copy is begun.
    flushes_to_wait: u32,
}

/// What a step leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to be done for now.
    Idle,
    /// A copy is being made: step again soon.
    More,
}

impl Compactor {
    /// For the rows of that generation.
    pub(crate) fn new(settings: Settings, from_bytes: u64, generation: Generation) -> Self {
        Self {
            settings,
            from_bytes,
            generation,
            due_bytes: due(from_bytes, generation.bytes),
            is_copying: false,
            flushes_to_wait: 0,
        }
    }

    /// Begins a copy if one is due, or goes on with the one that was begun. To be called with every flush, and soon
    /// again while there is more to do. After an error the copy is given up, and made anew a while later.
    pub(crate) fn step(&mut self, core: &Core) -> Result<Step, Error> {
        let done = if self.is_copying {
            self.go_on(core)
        } else if self.flushes_to_wait > 0 {
            self.flushes_to_wait -= 1;
            return Ok(Step::Idle);
        } else if core.rows.disk_bytes()? >= self.due_bytes {
            self.begin(core).map(|()| Step::More)
        } else {
            return Ok(Step::Idle);
        };
        done.or_else(|error| {
            self.give_up(core)?;
            Err(error)
        })
    }

    fn begin(&mut self, core: &Core) -> Result<(), Error> {
        let folder = core.layout.rows(self.generation.number + 1);
        files::remove_folder(&folder)?;
        let empty = Db::open(&folder, self.settings).map_err(|error| match error {
            OpenError::Other(error) => error,
            error => Error::io("open", &folder)(std::io::Error::other(error)),
        })?;
        core.rows.begin_copy(empty);
        self.is_copying = true;
        Ok(())
    }

    fn go_on(&mut self, core: &Core) -> Result<Step, Error> {
        match core.rows.copy_page()? {
            Copied::Some => Ok(Step::More),
            Copied::All => {
                core.rows.flush_copy()?;
                self.switch(core).map(|()| Step::Idle)
            }
            Copied::Nothing => Ok(Step::Idle),
        }
    }

    /// Puts the copy in the place of what it was made from. No flush meanwhile: it would note its positions for one
    /// and have written to the other.
    fn switch(&mut self, core: &Core) -> Result<(), Error> {
        let _flushing = core.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = core.rows.disk_bytes()?;
        let mut generation = Generation {
            number: self.generation.number + 1,
            bytes: 0,
        };
        let old = core.rows.switch_to_copy(|copy| {
            copy.flush()?;
            generation.bytes = copy.disk_bytes()?;
            files::write_document(&core.layout.generation(), &generation)
        })?;
        self.is_copying = false;
        self.generation = generation;
        self.due_bytes = due(self.from_bytes, generation.bytes);
        if let Some(old) = old {
            remove(old)?;
        }
        tracing::info!(
            before,
            after = generation.bytes,
            "the store's rows were copied into new files: {before} bytes are {} now",
            generation.bytes
        );
        Ok(())
    }

    fn give_up(&mut self, core: &Core) -> Result<(), Error> {
        self.is_copying = false;
        self.flushes_to_wait = FLUSHES_AFTER_FAILURE;
        core.rows.give_copy_up().map_or(Ok(()), remove)
    }
}

fn due(from_bytes: u64, bytes: u64) -> u64 {
    from_bytes.max(bytes.saturating_mul(GROWTH_TIMES))
}

fn remove(db: Arc<Db>) -> Result<(), Error> {
    let folder = db.folder().to_owned();
    drop(db);
    files::remove_folder(&folder)
}

/// Removes what a copy that was not finished, or one that was, left behind.
pub(crate) fn remove_others(layout: &Layout, generation: Generation) -> Result<(), Error> {
    let current = layout.rows(generation.number);
    let all = layout.all_rows()?;
    let mut others = all.iter().filter(|folder| **folder != current);
    others.try_for_each(|folder| files::remove_folder(folder))
}
