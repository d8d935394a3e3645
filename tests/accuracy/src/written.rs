//! Cases written by hand: data files under `tests/corpus/cases`, one trouble each.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use vmkit_model::{Card, Evidence};
use vmkit_scoring::{Case, Pick, Weights, score};
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, Kind, Mac, NetworkMode, Observation, Prefix, Route,
};

use crate::sources::now;

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Where it comes from: a project and the number of its issue.
    pub from: String,
    /// What happened.
    pub title: String,
    /// Why the expected answer is the right one.
    pub why: String,
    /// `IFACE KIND ADDRESS/LENGTH …`, one line per interface of the host; empty: unknown.
    #[serde(default)]
    network: Vec<String>,
    /// Gateway of the default route and its interface.
    #[serde(default)]
    gateway: Option<(IpAddr, String)>,
    machines: Vec<Machine>,
    #[serde(default)]
    evidence: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    name: String,
    mac: Option<String>,
    mode: Option<String>,
    interface: Option<String>,
    up_s: Option<u64>,
    #[serde(default)]
    stopped: bool,
    /// The address to be shown, `none`, or `ambiguous`.
    expect: String,
    verdict: String,
    /// Texts that its account must have.
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    vm: String,
    kind: String,
    ip: Option<IpAddr>,
    mac: Option<String>,
    age_s: Option<u64>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// Why the data files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WrittenError {
    /// A file or the directory cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file is not of this form.
    #[error("cannot parse {path}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// Where it is wrong.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value of a file is not what it should be.
    #[error("{path}: {what}")]
    Value {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// A case that can be scored.
#[derive(Debug)]
pub struct Ready {
    /// The file's contents.
    pub written: Written,
    cases: Vec<Case>,
    evidence: Vec<Evidence>,
    network: Option<HostNetwork>,
}

/// All cases of the repository, by file name.
///
/// # Errors
/// See [`WrittenError`].
pub fn all() -> Result<Vec<Ready>, WrittenError> {
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/cases"));
    let read_error = |path: &Path, source| WrittenError::Read { path: path.to_owned(), source };
    let entries = std::fs::read_dir(directory).map_err(|error| read_error(directory, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let load = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| read_error(path, error))?;
        let written = toml::from_str(&text)
            .map_err(|error| WrittenError::Parse { path: path.clone(), source: Box::new(error) })?;
        Ready::new(written).map_err(|what| WrittenError::Value { path: path.clone(), what })
    };
    paths.iter().map(load).collect()
}

impl Ready {
    fn new(written: Written) -> Result<Self, String> {
        let cases = written.machines.iter().map(Machine::case).collect::<Result<Vec<_>, _>>()?;
        let evidence = written.evidence.iter().enumerate();
        let evidence =
            evidence.map(|(id, line)| line.evidence(id, &cases)).collect::<Result<Vec<_>, _>>()?;
        let network = written.host_network()?;
        Ok(Self { written, cases, evidence, network })
    }

    /// Whether every machine is answered as expected, with the reasons that are expected.
    ///
    /// # Errors
    /// What differs, with the whole account.
    pub fn check(&self, weights: &Weights) -> Result<(), String> {
        let network = self.network.as_ref();
        let picks = score(&self.cases, &self.evidence, network, now(), weights);
        for (machine, pick) in self.written.machines.iter().zip(&picks) {
            let account = account(pick);
            let shown = match (pick.address, pick.verdict.code()) {
                (Some(address), _) => address.to_string(),
                (None, "ambiguous") => "ambiguous".to_owned(),
                (None, _) => "none".to_owned(),
            };
            let found = (pick.verdict.code(), shown.as_str());
            let from = &self.written.from;
            if found != (machine.verdict.as_str(), machine.expect.as_str()) {
                return Err(format!("{from}, {}: {found:?}\n{account}", machine.name));
            }
            if let Some(reason) = machine.reasons.iter().find(|text| !account.contains(*text)) {
                return Err(format!("{from}, {} lacks {reason:?}\n{account}", machine.name));
            }
        }
        Ok(())
    }
}

/// Candidates with flags and what spoke, one a line, and the notes.
fn account(pick: &Pick) -> String {
    let mut text = format!("none {:.3}\n", pick.none_probability);
    for candidate in &pick.candidates {
        let flags: Vec<_> = candidate.flags.iter().map(|flag| flag.code()).collect();
        let _ = write!(text, "{} [{}]", candidate.address, flags.join(" "));
        if let Some(why) = candidate.struck_out {
            let _ = write!(text, " struck out: {why}");
        }
        if let Some(doubt) = &candidate.doubt {
            let _ = write!(text, " doubt: {}", doubt.says);
        }
        for entry in &candidate.ledger {
            let code = entry.evidence.observation.kind.code();
            let _ = match entry.why_not {
                None => write!(text, " | {code} {:+.2}", entry.weight),
                Some(why) => write!(text, " | not {code}: {why}"),
            };
        }
        let _ = writeln!(text, " | p {:.3}", candidate.probability);
    }
    for note in &pick.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn mac(text: &str) -> Result<Mac, String> {
    text.parse().map_err(|_| format!("{text:?} is not a MAC"))
}

fn prefix(text: &str) -> Result<Prefix, String> {
    let parsed = text.split_once('/').and_then(|(address, length)| {
        Some(Prefix { address: address.parse().ok()?, length: length.parse().ok()? })
    });
    parsed.ok_or_else(|| format!("{text:?} is not ADDRESS/LENGTH"))
}

impl Machine {
    fn case(&self) -> Result<Case, String> {
        let mode = match self.mode.as_deref() {
            None => None,
            Some("bridged") => Some(NetworkMode::Bridged),
            Some("shared") => Some(NetworkMode::Shared),
            Some("user") => Some(NetworkMode::User),
            Some(other) => return Err(format!("{other:?} is not a network mode")),
        };
        let known = self.mac.as_deref().map(mac).transpose()?;
        Ok(Case {
            name: self.name.clone(),
            host_name: None,
            running: !self.stopped,
            started_at: self.up_s.map(|seconds| now() - Duration::from_secs(seconds)),
            cards: Card::new(known, mode, self.interface.clone()).into(),
        })
    }
}

impl Line {
    fn evidence(&self, id: usize, cases: &[Case]) -> Result<Evidence, String> {
        let vm = cases.iter().position(|case| case.name == self.vm);
        let vm = vm.ok_or_else(|| format!("no machine is called {:?}", self.vm))?;
        let mut observation = Observation::new(vm, Kind::from_code(&self.kind), &self.kind);
        observation.address = self.ip;
        observation.mac = self.mac.as_deref().map(mac).transpose()?;
        observation.age = self.age_s.map(Duration::from_secs);
        for (name, value) in &self.attributes {
            observation = observation.with(name, value);
        }
        let plugin = self.kind.split('-').next().unwrap_or_default();
        let plugin = if plugin == "neighbour" { "arp" } else { plugin }.to_owned();
        let id = u32::try_from(id).map_err(|_| "too many lines of evidence".to_owned())?;
        Ok(Evidence {
            id,
            plugin: plugin.into(),
            received_at: now(),
            observation: observation.into(),
        })
    }
}

impl Written {
    fn host_network(&self) -> Result<Option<HostNetwork>, String> {
        let interface = |line: &String| {
            let mut words = line.split_whitespace();
            let name = words.next().ok_or("an interface without a name")?.to_owned();
            let kind = match words.next() {
                Some("wifi") => InterfaceKind::Wifi,
                Some("ethernet") => InterfaceKind::Ethernet,
                Some("bridge") => InterfaceKind::Bridge,
                Some("container") => InterfaceKind::Container,
                Some("vpn") => InterfaceKind::Vpn,
                other => return Err(format!("{other:?} is not a kind of interface")),
            };
            let addresses = words.map(prefix).collect::<Result<_, _>>()?;
            Ok(Interface { name, mac: None, addresses, kind, up: true, bridge: None })
        };
        let interfaces = self.network.iter().map(interface).collect::<Result<Vec<_>, String>>()?;
        let route = |(gateway, interface): &(IpAddr, String)| Route {
            destination: Prefix { address: [0, 0, 0, 0].into(), length: 0 },
            gateway: Some(*gateway),
            interface: interface.clone(),
        };
        let routes = self.gateway.iter().map(route).collect();
        Ok((!interfaces.is_empty()).then_some(HostNetwork { interfaces, routes }))
    }
}
