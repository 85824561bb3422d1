//! What is read of a file that somebody else put there.

use std::{fs, io::ErrorKind, path::Path};

use rustix::fs::{CWD, Mode, mkfifoat};
use signalbox_rules::files::{Error, read};

#[test]
fn what_is_no_plain_file_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("pipe");
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
    for path in [pipe.as_path(), folder.path(), link.as_path()] {
        let refused = read(path, 10).expect_err("it is no file");
        assert!(matches!(refused, Error::NotPlain), "{}", path.display());
    }
}

#[test]
fn no_more_is_read_than_may_be() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a");
    fs::write(&path, b"0123456789").expect("it is written");
    assert_eq!(read(&path, 10).expect("it may have ten"), b"0123456789");
    let refused = read(&path, 9).expect_err("it may have nine");
    assert_eq!(refused.to_string(), "it has 10 bytes, at most 9 are read");
    // Its size says nothing of what comes out of it.
    let endless = read(Path::new("/proc/self/status"), 9).expect_err("it has more");
    assert!(matches!(endless, Error::TooLarge { bytes: 10, .. }));

    let missing = read(&folder.path().join("none"), 9).expect_err("there is none");
    assert!(matches!(missing, Error::System(error) if error.kind() == ErrorKind::NotFound));
}
