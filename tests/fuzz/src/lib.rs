//! What every fuzz target shares. A target is one parser of what others wrote, in one file of
//! `fuzz_targets`, which is built in two ways: by cargo-fuzz as a fuzzer, and otherwise as a test
//! that replays `corpus/TARGET` and as a program that reads the files it is given.
//!
//! The plugins are read through their public face, on a fake host. Only one plugin fits into a
//! program, for all of them export the same symbol, so targets stand by themselves.

#![forbid(unsafe_code)]

mod grow;
mod replay;
mod signal;

pub use replay::{files, replay};
pub use signal::{artefact, confirm, discover, web};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// A parser of bytes: whatever they are, it must end, soon and without a panic.
pub type Read = fn(&[u8]);

/// The size in bytes to which some inputs are grown: what then takes longer than the fuzzer's
/// time-out is not linear.
#[cfg(fuzzing)]
const LARGE: usize = 1 << 20;

/// Longest input in bytes that is grown.
#[cfg(fuzzing)]
const SEED_LIMIT: usize = 4096;

/// One in this many: reading a megabyte takes some hundred times as long as a seed.
#[cfg(fuzzing)]
const GROWN: u64 = 256;

/// One input of the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8], read: Read) {
    read(bytes);
    // Chosen by the bytes alone, so that a finding is found again.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    if bytes.len() <= SEED_LIMIT && (hash >> 32) % GROWN == 0 {
        for grown in grow::ways(bytes, LARGE) {
            read(&grown);
        }
    }
}

/// Makes a target of the function `read` in the same file.
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
        fn the_corpus_is_read_without_panic_and_in_linear_time() {
            $crate::replay(env!("CARGO_CRATE_NAME"), read);
        }
    };
}
