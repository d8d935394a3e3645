//! Shared code of the fuzz targets. A target is a parser of foreign input in one file of
//! `fuzz_targets`. cargo-fuzz builds it as a fuzzer; otherwise it is a test that replays
//! `corpus/TARGET`, and a program that reads files.
//!
//! Plugins run through their public interface on a fake host. Each target is a program of its own,
//! since all plugins export the same symbol.

#![forbid(unsafe_code)]

mod grow;
mod inventory;
mod replay;
mod signal;

pub use inventory::{beside_special_files, inventory};
pub use replay::{Read, files, replay, seed};
pub use signal::{artefact, confirm, discover, web};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// Size to which some inputs are grown, in bytes. Only linear time stays within the fuzzer's limit.
#[cfg(fuzzing)]
const LARGE: usize = 1 << 20;

/// Longest input to grow, in bytes.
#[cfg(fuzzing)]
const SEED_LIMIT: usize = 4096;

/// One input in this many is grown: a megabyte takes about a hundred times as long as a seed.
#[cfg(fuzzing)]
const GROWN_SHARE: u64 = 256;

/// Reads one input of the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8], read: Read) {
    read(bytes);
    // Depends only on the bytes, so that findings are reproducible.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    if bytes.len() <= SEED_LIMIT && (hash >> 32) % GROWN_SHARE == 0 {
        for grown in grow::ways(bytes, LARGE) {
            read(&grown);
        }
    }
}

/// Makes a target from the function `read` in the same file.
#[macro_export]
macro_rules! target {
    () => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::fuzz(bytes, read));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::files(read)
        }

        #[cfg(test)]
        #[test]
        fn reads_the_corpus_without_panic_in_linear_time() {
            $crate::replay(env!("CARGO_CRATE_NAME"), read);
        }
    };
}

/// Makes a target from an inventory and its manifest, with a test of what may lie beside a machine.
#[macro_export]
macro_rules! inventory_target {
    ($plugin:ty, $manifest:literal) => {
        const MANIFEST: &str = include_str!($manifest);

        fn read(bytes: &[u8]) {
            $crate::inventory::<$plugin>(bytes, MANIFEST);
        }

        $crate::target!();

        #[cfg(test)]
        #[test]
        fn files_of_other_kinds_are_named_and_other_machines_are_shown() {
            $crate::seed(env!("CARGO_CRATE_NAME"), |seed| {
                $crate::beside_special_files::<$plugin>(seed, MANIFEST);
            });
        }
    };
}
