//! Many runs at once lose and mix no lines.
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

mod common;

use std::{
    env, fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use common::{FOREIGN, directory, machine, planned};
use vmkit_hosts::{HostsFile, HostsMachine, Store};

const WRITERS: u8 = 16;

/// Writes of each; `VMKIT_ROUNDS` overrides it.
const ROUNDS: u16 = 10;

/// The address of writer `number`'s machine in a round.
fn address(number: u8, round: u16) -> String {
    let [high, low] = round.to_be_bytes();
    format!("10.{number}.{high}.{low}")
}

fn name(number: u8) -> String {
    format!("vm-{number}")
}

fn write(store: &Store, number: u8, round: u16, nobody: &[HostsMachine]) {
    let mut machines = nobody.to_vec();
    machines[usize::from(number)] = machine(&name(number), &address(number, round));
    let writer = store.lock().unwrap();
    let current = store.read().unwrap();
    let bytes = planned(&current.bytes, &machines, Some(&[name(number)]));
    writer.write(&current, &bytes).unwrap();
}

#[test]
fn sixteen_writers_lose_no_line() {
    let rounds = env::var("VMKIT_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let directory = directory();
    let hosts = directory.path().join("hosts");
    let nobody: Vec<_> = (0..WRITERS).map(|number| machine(&name(number), "not seen")).collect();
    let ended = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut seen, mut reads) = (vec![None; usize::from(WRITERS)], 0_u32);
            while !ended.load(Ordering::Acquire) {
                check(&fs::read(&hosts).unwrap(), &mut seen);
                reads += 1;
            }
            reads
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let (hosts, nobody) = (&hosts, &nobody);
                scope.spawn(move || {
                    let store = Store::at(hosts).unwrap();
                    (0..rounds).for_each(|round| write(&store, number, round, nobody));
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::Release);
        assert!(outcomes.iter().all(Result::is_ok));
        reader.join().unwrap()
    });
    eprintln!("{WRITERS} writers, {rounds} rounds, {reads} reads beside them");
    let mut seen = vec![None; usize::from(WRITERS)];
    check(&fs::read(&hosts).unwrap(), &mut seen);
    assert_eq!(seen, vec![Some(rounds - 1); usize::from(WRITERS)]);
}

/// Checks that the file is complete and no machine is lost or back at a former round.
fn check(bytes: &[u8], seen: &mut [Option<u16>]) {
    assert!(bytes.starts_with(FOREIGN.as_bytes()));
    let block = HostsFile::read(bytes).unwrap().block.unwrap_or_default();
    let mut found = vec![None; seen.len()];
    for line in &block.lines {
        let number: u8 = line.machine.strip_prefix("vm-").unwrap().parse().unwrap();
        let std::net::IpAddr::V4(address) = line.address else { panic!("{line:?}") };
        let [ten, owner, high, low] = address.octets();
        assert_eq!((ten, owner), (10, number), "{line:?}");
        assert!(found[usize::from(number)].replace(u16::from_be_bytes([high, low])).is_none());
    }
    assert!(seen.iter().zip(&found).all(|(before, now)| now >= before), "{seen:?}, {found:?}");
    seen.copy_from_slice(&found);
}
