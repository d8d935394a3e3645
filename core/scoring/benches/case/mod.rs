//! The case of the promise: 1,000 machines of ten candidates with eight items each.

use std::{
    error::Error,
    net::IpAddr,
    time::{Duration, Instant, SystemTime},
};

use vmkit_model::{Card, Evidence};
use vmkit_scoring::{Case, Weights, score};
use vmkit_types::{Kind, Mac, Observation};

const MACHINES: u16 = 1000;
const CANDIDATES: u8 = 10;
const RUNS: usize = 100;

/// How long scoring took, the fastest run first.
pub(crate) fn times() -> Result<Vec<Duration>, Box<dyn Error>> {
    let now = SystemTime::now();
    let weights = Weights::builtin()?;
    let kinds = [
        Kind::NeighbourReachable,
        Kind::NeighbourStale,
        Kind::ConsoleAddress,
        Kind::ConsolePhase,
        Kind::SshReady,
        Kind::from_code("lease-current"),
        Kind::from_code("dns-address"),
        Kind::from_code("arp-reply"),
    ];
    let mut cases = Vec::new();
    let mut evidence = Vec::new();
    for machine in 0..MACHINES {
        let [high, low] = machine.to_be_bytes();
        let mac = Mac::new([0x52, 0x54, 0, 0, high, low]);
        let name = format!("vm{machine}");
        let card = Card::new(Some(mac), None, None);
        cases.push(Case { name, cards: card.into(), running: true, ..Case::default() });
        for candidate in 0..CANDIDATES {
            for kind in &kinds {
                let observation =
                    Observation::new(machine.into(), kind.clone(), "as the source says")
                        .at(IpAddr::from([10, high, low, candidate + 1]))
                        .aged(Duration::from_secs(candidate.into()))
                        .on_mac(mac)
                        .with("interface", "br0");
                let id = u32::try_from(evidence.len())?;
                evidence.push(Evidence {
                    id,
                    plugin: "arp".into(),
                    received_at: now,
                    observation: observation.into(),
                });
            }
        }
    }
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(score(&cases, &evidence, None, now, &weights));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    Ok(times)
}
