//! Replays the corpus of a target.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use crate::grow;

/// A parser of bytes. Whatever the bytes, it must end soon and without a panic.
pub type Read = fn(&[u8]);

/// The compared sizes in bytes, just large enough to show quadratic time in an unoptimised build.
const SMALL: usize = 16 << 10;
const LARGE: usize = 16 * SMALL;

/// Largest ratio of the times for inputs 16 times as large: linear time gives 16, quadratic 256. The
/// margin is for caches and busy computers.
const MAX_RATIO: u32 = 64;

/// Shortest time of the small input that is compared; shorter ones measure constant costs.
const FLOOR: Duration = Duration::from_micros(500);

/// Reads every file of `corpus/TARGET`, also grown.
///
/// # Panics
/// The parser panics, time grows faster than the input, or there is no corpus.
pub fn replay(target: &str, read: Read) {
    for path in corpus(target) {
        let bytes = fs::read(&path).expect("a readable file");
        read(&bytes);
        for (small, large) in grow::ways(&bytes, SMALL).iter().zip(grow::ways(&bytes, LARGE)) {
            let (small, large) = (time(read, small).max(FLOOR), time(read, &large));
            let shown = path.display();
            assert!(
                large <= small * MAX_RATIO,
                "{shown}: {SMALL} bytes take {small:?}, {LARGE} {large:?}"
            );
        }
    }
}

/// Reads the first file of `corpus/TARGET`.
///
/// # Panics
/// The function panics, or there is no corpus.
pub fn seed(target: &str, read: impl FnOnce(&[u8])) {
    let paths = corpus(target);
    read(&fs::read(&paths[0]).expect("a readable file"));
}

/// The files of `corpus/TARGET`, sorted.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the target's corpus")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
}

/// Reads the files given on the command line, such as a fuzzer's findings.
pub fn files(read: Read) -> io::Result<()> {
    std::env::args_os().skip(1).try_for_each(|path| {
        read(&fs::read(path)?);
        Ok(())
    })
}

/// The processor time for reading these bytes.
fn time(read: Read, bytes: &[u8]) -> Duration {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(now).unwrap_or_default()
    };
    let start = now();
    read(bytes);
    now().saturating_sub(start)
}
