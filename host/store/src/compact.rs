//! Gives disk space back: copies the rows into a new database when the old one's files have grown far beyond them.
//!
//! sled 0.34 keeps most of the space that changed and deleted rows took. When the files are twice as large as after
//! the last copy, and large enough to matter, the rows are copied again, page by page between two flushes, while
//! commits and reads go on. The file `generation` says which database is the store's; a process that dies at any point
//! leaves one that is whole under that name, and the next open removes the other.

use std::sync::PoisonError;

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
/// Flushes between two looks at how large the files are: four seconds by default.
const FLUSHES_BETWEEN_LOOKS: u32 = 8;
/// Flushes after a copy that failed until the next look: five minutes by default.
const FLUSHES_AFTER_FAILURE: u32 = 600;
/// Rows that are copied in one go.
const PAGE_ROWS: usize = 512;
/// What a copy leaves free on the file system, in bytes: events and mails go on beside it.
const FREE_BYTES_MIN: u64 = 64 << 20;

/// Decides when the rows are copied, and does it. The background thread has the only one.
#[derive(Debug)]
pub(crate) struct Compactor {
    settings: Settings,
    /// See [`crate::Config::compact_from_bytes`].
    from_bytes: Option<u64>,
    generation: Generation,
    is_copying: bool,
    /// Flushes that still have to pass before the next look.
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
    /// For the rows of that generation. Where the process died over a copy, the next one waits.
    pub(crate) fn new(
        settings: Settings,
        from_bytes: Option<u64>,
        generation: Generation,
        last_died: bool,
    ) -> Self {
        Self {
            settings,
            from_bytes,
            generation,
            is_copying: false,
            flushes_to_wait: if last_died { FLUSHES_AFTER_FAILURE } else { 0 },
        }
    }

    /// Begins a copy if one is due, or goes on with the one that was begun. To be called with every flush, and soon
    /// again while there is more to do. After an error the copy is given up, and made anew a while later.
    pub(crate) fn step(&mut self, core: &Core) -> Result<Step, Error> {
        if !self.is_copying && self.flushes_to_wait > 0 {
            self.flushes_to_wait -= 1;
            return Ok(Step::Idle);
        }
        self.flushes_to_wait = FLUSHES_BETWEEN_LOOKS;
        let done = self.try_step(core);
        if done.is_err() {
            self.is_copying = false;
            self.flushes_to_wait = FLUSHES_AFTER_FAILURE;
            log_left(core.rows.give_copy_up());
        }
        done
    }

    fn try_step(&mut self, core: &Core) -> Result<Step, Error> {
        if self.is_copying {
            return self.go_on(core);
        }
        let Some(from_bytes) = self.from_bytes else {
            return Ok(Step::Idle);
        };
        let due_bytes = from_bytes.max(self.generation.bytes.saturating_mul(GROWTH_TIMES));
        let bytes = core.rows.disk_bytes()?;
        // A rebuild fills the rows first.
        if bytes < due_bytes || core.layout.rebuilding().exists() {
            return Ok(Step::Idle);
        }
        // A copy is hardly ever larger than what it is made from.
        check_room(core, bytes.saturating_add(FREE_BYTES_MIN))?;
        self.begin(core)?;
        Ok(Step::More)
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
        check_room(core, FREE_BYTES_MIN)?;
        match core.rows.copy_page(PAGE_ROWS)? {
            Copied::Some => Ok(Step::More),
            Copied::All => {
                core.rows.flush_copy()?;
                self.switch(core).map(|()| Step::Idle)
            }
            Copied::Nothing => Ok(Step::Idle),
        }
    }

    /// Puts the copy in the place of what it was made from.
    fn switch(&mut self, core: &Core) -> Result<(), Error> {
        let before = core.rows.disk_bytes()?;
        let mut generation = Generation {
            number: self.generation.number + 1,
            bytes: 0,
        };
        core.rows.hops().pass("store_switch");
        let old = {
            // No flush meanwhile: it would note its positions for one and have written to the other.
            let _flushing = core.flushing.lock().unwrap_or_else(PoisonError::into_inner);
            core.rows.switch_to_copy(|copy| {
                copy.flush()?;
                generation.bytes = copy.disk_bytes()?;
                files::place_document(&core.layout.generation(), &generation)
            })?
        };
        self.is_copying = false;
        self.generation = generation;
        core.rows.hops().pass("store_switched");
        // Should a power failure bring the old note back, the rows are made anew anyway.
        if let Err(error) = files::sync(&core.layout.folder) {
            tracing::warn!(%error, "{error}");
        }
        tracing::info!(
            before,
            after = generation.bytes,
            "the store's rows were copied into new files: {before} bytes are {} now",
            generation.bytes
        );
        log_left(old);
        Ok(())
    }
}

fn check_room(core: &Core, wanted: u64) -> Result<(), Error> {
    let free = files::free_bytes(&core.layout.folder)?;
    if free < wanted {
        return Err(Error::NoRoomToCopy { free, wanted });
    }
    Ok(())
}

/// Removes a database that is not the store's any more, or never became it; if that fails, the next open does it.
fn log_left(db: Option<Db>) {
    if let Some(Err(error)) = db.map(Db::remove) {
        tracing::warn!(%error, "an old copy of the rows stays on disk until the next start: {error}");
    }
}

/// Removes what a copy that was not finished, or one that was, left behind. Answers whether there was one that was not
/// finished.
pub(crate) fn remove_others(layout: &Layout, generation: Generation) -> bool {
    let remove = || -> Result<bool, Error> {
        let all = layout.all_rows()?;
        let others = all
            .into_iter()
            .filter(|number| *number != generation.number);
        let mut unfinished = false;
        for number in others {
            unfinished |= number > generation.number;
            files::remove_folder(&layout.rows(number))?;
        }
        Ok(unfinished)
    };
    remove().unwrap_or_else(|error| {
        tracing::warn!(%error, "an old copy of the rows stays on disk: {error}");
        false
    })
}
