//! A run that is killed at any moment leaves the former or the new file.
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

mod common;

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
    time::{Duration, Instant},
};

use common::{FOREIGN, again, apply, directory, names, passed_directory, undo, written};
use rustix::event::{Timespec, poll};

/// Number of killed runs; `VMKIT_KILLS` overrides it.
const KILLS: u32 = 100;

/// Longest time before a kill; each write takes milliseconds.
const LONGEST: Duration = Duration::from_millis(60);

/// The child prints this when it begins.
const BEGUN: &str = "begun";
/// And this after each write.
const WRITTEN: &str = "written";

const ADDRESSES: [&str; 2] = ["192.168.1.64", "192.168.100.200"];

#[test]
fn a_killed_writer_leaves_a_complete_file() {
    let kills = env::var("VMKIT_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let directory = directory();
    let hosts = directory.path().join("hosts");
    let whole = [FOREIGN.to_owned(), written(ADDRESSES[0]), written(ADDRESSES[1])];
    let mut random = fastrand::Rng::with_seed(0x5eed_4b11);
    let (mut in_midst, mut changed) = (0, 0);
    for kill in 0..kills {
        let before = fs::metadata(&hosts).unwrap().modified().unwrap();
        let mut command = again("writes_until_it_is_killed", directory.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().ends_with(BEGUN)), "the child writes");
        // At most as many as it has written, however busy the computer is.
        for _ in 0..kill % 3 {
            assert!(said.any(|line| line.unwrap() == WRITTEN), "the child writes");
        }
        pass(random.f64());
        child.kill().unwrap();
        child.wait().unwrap();
        let found = fs::read_to_string(&hosts).unwrap();
        assert!(whole.contains(&found), "after kill {kill}: {found:?}");
        changed += u32::from(fs::metadata(&hosts).unwrap().modified().unwrap() != before);
        let left = names(directory.path());
        in_midst += u32::from(left.iter().any(|name| name.contains(".vmkit-new-")));
    }
    // Otherwise no kill hit a write.
    eprintln!("{kills} killed, {changed} after a write, {in_midst} with a new file half made");
    assert!(in_midst > kills / 10 && changed > kills / 4, "{in_midst}, {changed}");

    fs::write(&hosts, FOREIGN).unwrap();
    apply(&hosts, ADDRESSES[0]).unwrap();
    let left = names(directory.path());
    assert!(!left.iter().any(|name| name.contains(".vmkit-new-")), "{left:?}");
    undo(&hosts).unwrap();
    assert_eq!(fs::read_to_string(&hosts).unwrap(), FOREIGN);
}

/// Waits for a part of the longest time.
fn pass(part: f64) {
    let end = Instant::now() + LONGEST.mul_f64(part);
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        _ = poll(&mut [], Some(&Timespec::try_from(left).unwrap()));
    }
}

/// The child of the test above; does nothing on its own.
#[test]
fn writes_until_it_is_killed() {
    let Some(directory) = passed_directory() else { return };
    writeln!(std::io::stdout(), "{BEGUN}").unwrap();
    for address in ADDRESSES.iter().cycle() {
        apply(&directory.join("hosts"), address).unwrap();
        writeln!(std::io::stdout(), "{WRITTEN}").unwrap();
    }
}
