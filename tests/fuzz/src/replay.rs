//! The corpus of a target, read once more.

use std::{fs, io, path::Path, time::Duration};

use rustix::time::{ClockId, clock_gettime};

use crate::{Read, grow};

/// The sizes that are compared, in bytes: as small as quadratic time shows in, for this is a build
/// without optimisation.
const SMALL: usize = 16 << 10;
const LARGE: usize = 16 * SMALL;

/// Input 16 times as large may take this many times as long: 16 times in linear time, 256 times in
/// quadratic. In between, so that neither a busy computer nor its caches decide.
const MOST: u32 = 64;

/// Least time that counts for the small input; below, what does not depend on the size is measured.
const FLOOR: Duration = Duration::from_micros(500);

/// Reads every file of `corpus/TARGET`, and each of them grown.
///
/// # Panics
/// The parser panics, time grows faster than the input, or there is no corpus.
pub fn replay(target: &str, read: Read) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the target's corpus")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    for path in paths {
        let bytes = fs::read(&path).expect("a readable file");
        read(&bytes);
        for (small, large) in grow::ways(&bytes, SMALL).iter().zip(grow::ways(&bytes, LARGE)) {
            let (small, large) = (time(read, small).max(FLOOR), time(read, &large));
            let shown = path.display();
            assert!(
                large <= small * MOST,
                "{shown}: {SMALL} bytes take {small:?}, {LARGE} {large:?}"
            );
        }
    }
}

/// Reads each file that the program is given: one that a fuzzer found, for example.
pub fn files(read: Read) -> io::Result<()> {
    std::env::args_os().skip(1).try_for_each(|path| {
        read(&fs::read(path)?);
        Ok(())
    })
}

/// The processor's time for reading this, whatever else the computer does meanwhile.
fn time(read: Read, bytes: &[u8]) -> Duration {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(now).unwrap_or_default()
    };
    let start = now();
    read(bytes);
    now().saturating_sub(start)
}
