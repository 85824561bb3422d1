//! Disks that fail: full, dying, losing power.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
};

use proptest::prelude::*;
use signalbox_journal::{AppendError, Config, Disk, Entry, Error, Journal, Sink, SystemDisk};

use crate::support::{Bench, HandClock, PATIENCE, Unsynced, all, block_on, put, segments_in};

/// Takes half of what it is given while it is full; the error is that of a device that really is.
#[derive(Default)]
struct Filling {
    full: AtomicBool,
}

impl Disk for Filling {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.full.load(Ordering::SeqCst) {
            return SystemDisk.write(file, bytes, offset);
        }
        SystemDisk.write(file, &bytes[..bytes.len() / 2], offset)?;
        File::options()
            .write(true)
            .open("/dev/full")?
            .write_all(&bytes[bytes.len() / 2..])
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        SystemDisk.sync(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(folder)
    }
}

#[test]
fn a_full_disk_refuses_and_goes_on_once_there_is_space() {
    // Once while writing a frame, once while beginning a segment.
    for segment_bytes_max in [10_000, 1] {
        let mut bench = Bench::new(2);
        bench.config.segment_bytes_max = segment_bytes_max;
        let disk = Arc::new(Filling::default());
        let (journal, _) = bench.open_on(Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
        put(&journal, 0, "a");
        disk.full.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            let tickets: Vec<_> = [0, 0, 1]
                .map(|p| journal.append(p, b"no space".to_vec()).unwrap())
                .into();
            for ticket in tickets {
                assert_eq!(ticket.wait(), Err(AppendError::NoSpace));
            }
        }
        disk.full.store(false, Ordering::SeqCst);
        put(&journal, 0, "b");
        put(&journal, 1, "c");
        let expected = "0:1 @0 a\n0:2 @0 b\n1:1 @0 c\n";
        assert_eq!(all(&journal, 2), expected);
        disk.full.store(true, Ordering::SeqCst);
        journal.close().unwrap();
        let report = Journal::verify(&bench.config.folder).unwrap();
        assert!(report.is_sound());
        assert_eq!(report.torn_tail, None, "what did not fit was taken back");
        assert_eq!(all(&bench.open().0, 2), expected);
    }
}

/// Fails the fsync after so many, and says that all is well again from the next on, as Linux does.
struct Dying {
    syncs_left: AtomicUsize,
}

impl Disk for Dying {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        if self.syncs_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(io::Error::from_raw_os_error(5));
        }
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_failed_fsync_nothing_is_acknowledged_any_more() {
    let bench = Bench::new(1);
    // The first is that of the new segment.
    let disk = Dying {
        syncs_left: AtomicUsize::new(3),
    };
    let (journal, _) = bench.open_on(Arc::new(disk)).unwrap();
    put(&journal, 0, "acknowledged");
    let awaited = journal.append(0, b"never".to_vec()).unwrap();
    assert_eq!(block_on(awaited), Err(AppendError::Failed));
    assert_eq!(
        journal.append(0, b"refused".to_vec()).unwrap_err(),
        AppendError::Failed
    );
    assert_eq!(
        journal
            .append_reserved(vec![(0, b"refused".to_vec())])
            .unwrap_err(),
        AppendError::Failed
    );
    assert!(matches!(journal.trim(&[2], i64::MAX), Err(Error::Failed)));
    assert_eq!(all(&journal, 1), "0:1 @0 acknowledged\n");
    assert!(matches!(
        journal.close(),
        Err(Error::Io {
            action: "sync segment",
            ..
        })
    ));
    assert_eq!(
        bench.diary.text(),
        "durable 0:1 @0 acknowledged\nfailed: sync segment: Input/output error (os error 5)"
    );
}

#[test]
fn a_sink_that_panics_leaves_nobody_waiting() {
    #[derive(Default)]
    struct Panics(Mutex<Vec<String>>);
    impl Sink for Panics {
        fn durable(&self, _: &[Entry]) {
            panic!("a bug in the sink");
        }

        fn failed(&self, error: &Error) {
            self.0.lock().unwrap().push(error.to_string());
        }
    }
    let bench = Bench::new(1);
    let clock = Arc::new(HandClock::default());
    let sink = Arc::new(Panics::default());
    let told = Arc::clone(&sink) as Arc<dyn Sink>;
    let (journal, _) =
        Journal::open_on(Arc::new(Unsynced), bench.config.clone(), clock, told).unwrap();
    put(&journal, 0, "durable, so acknowledged");
    let (tell, heard) = mpsc::channel();
    match journal.append(0, b"x".to_vec()) {
        Ok(ticket) => ticket.on_durable(move |outcome| tell.send(outcome).unwrap()),
        Err(error) => tell.send(Err(error)).unwrap(),
    }
    assert_eq!(
        heard.recv_timeout(PATIENCE).unwrap(),
        Err(AppendError::Failed)
    );
    assert!(matches!(journal.close(), Err(Error::Failed)));
    let told = sink.0.lock().unwrap().join(", ");
    assert_eq!(told, "journal refuses since an earlier write failed");
}

/// At each fsync of a frame, before it, leaves an image of the folder as a power cut would: of what was written
/// since the fsync before, each sector is there or not, and the length is that of the file or any shorter one.
struct PowerCuts {
    folder: PathBuf,
    images: PathBuf,
    seed: u64,
    state: Mutex<PowerState>,
}

#[derive(Default)]
struct PowerState {
    unsynced: Vec<(u64, u64, usize)>,
    images: usize,
}

const SECTOR_BYTES: usize = 64;

impl PowerCuts {
    /// A number for each question, the same in every run.
    fn chance(&self, question: (usize, u64)) -> u64 {
        let mut bytes = self.seed.to_le_bytes().to_vec();
        bytes.extend_from_slice(&question.0.to_le_bytes());
        bytes.extend_from_slice(&question.1.to_le_bytes());
        u64::from(crc32c::crc32c(&bytes))
    }

    fn leave_image(&self, file: &File, state: &mut PowerState) -> io::Result<()> {
        let image = self.images.join(state.images.to_string());
        fs::create_dir(&image)?;
        for path in segments_in(&self.folder) {
            let mut bytes = fs::read(&path)?;
            let metadata = fs::metadata(&path)?;
            for &(inode, offset, length) in &state.unsynced {
                if inode != metadata.ino() || file.metadata()?.ino() != inode {
                    continue;
                }
                let start = offset as usize;
                for sector in (start..start + length).step_by(SECTOR_BYTES) {
                    if self.chance((state.images, sector as u64)).is_multiple_of(2) {
                        bytes[sector..(sector + SECTOR_BYTES).min(start + length)].fill(0);
                    }
                }
                if self.chance((state.images, u64::MAX)).is_multiple_of(2) {
                    let kept = self.chance((state.images, u64::MAX - 1)) % (length as u64 + 1);
                    bytes.truncate(start + kept as usize);
                }
            }
            fs::write(image.join(path.file_name().unwrap()), bytes)?;
        }
        state.images += 1;
        Ok(())
    }
}

impl Disk for PowerCuts {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let written = (file.metadata()?.ino(), offset, bytes.len());
        self.state.lock().unwrap().unsynced.push(written);
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let state = &mut *self.state.lock().unwrap();
        // The header of a segment has another name until it is synced.
        if state.unsynced.iter().all(|(_, offset, _)| *offset > 0) {
            self.leave_image(file, state)?;
        }
        state.unsynced.clear();
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_power_cut_takes_nothing_acknowledged(
        groups in proptest::collection::vec(proptest::collection::vec((0..2_u16, "[a-z]{0,90}"), 1..6), 1..8),
        seed: u64,
        segment_bytes_max in 100..1500_u64,
    ) {
        let mut bench = Bench::new(2);
        bench.config.segment_bytes_max = segment_bytes_max;
        let images = bench.folder.path().join("images");
        fs::create_dir(&images).unwrap();
        let folder = bench.config.folder.clone();
        let disk = PowerCuts { folder, images: images.clone(), seed, state: Mutex::default() };
        let (journal, _) = bench.open_on(Arc::new(disk)).unwrap();
        let mut stages = vec![String::new()];
        for group in groups {
            let records = group.into_iter().map(|(partition, payload)| (partition, payload.into())).collect();
            journal.append_group(records).unwrap().wait().unwrap();
            stages.push(all(&journal, 2));
        }
        journal.close().unwrap();
        let count = fs::read_dir(&images).unwrap().count();
        // One for each group, and the seal.
        prop_assert_eq!(count, stages.len());
        for image in 0..count {
            let config = Config { folder: images.join(image.to_string()), ..bench.config.clone() };
            let cut = Bench { config, ..Bench::new(2) };
            let (journal, _) = cut.open();
            let found = all(&journal, 2);
            let whole = stages.get(image + 1).unwrap_or(&stages[image]);
            prop_assert!(found == stages[image] || found == *whole, "image {}: {}", image, found);
        }
    }
}
