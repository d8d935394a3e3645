//! From answers to observations: which machine has the address?

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr},
};

use vmkit_plugin::{ArpOutcome, ArpReply, Kind, Mac, Observation, Subject, attribute};
use vmkit_probing::Target;

use crate::outcome::Answer;

/// Most other MACs at one address that are reported one by one. One refutes as well as many.
const OTHERS: usize = 3;

/// The observations about the machines whose candidates were asked for.
pub(crate) fn findings(
    answers: &[Answer],
    targets: &[Target],
    vms: &[Subject],
) -> Vec<Observation> {
    let owners = Owners::new(vms);
    let for_many = answering_for_many(answers, &owners);
    let machines: HashMap<IpAddr, &[usize]> =
        targets.iter().map(|target| (target.address, target.machines.as_slice())).collect();
    let mut facts = Vec::new();
    for answer in answers {
        let of_address =
            machines.get(&IpAddr::V4(answer.seen.address)).copied().unwrap_or_default();
        for &vm in of_address {
            let Some(subject) = vms.get(vm) else { continue };
            facts.extend(of_machine(vm, subject, answer, &owners, &for_many));
        }
    }
    facts
}

fn of_machine(
    vm: usize,
    subject: &Subject,
    answer: &Answer,
    owners: &Owners<'_>,
    for_many: &HashSet<Mac>,
) -> Vec<Observation> {
    let on = answer.seen.interface.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
    let about = |kind: Kind, says: String| about(vm, kind, says, answer);
    match &answer.seen.outcome {
        ArpOutcome::Unread(why) => {
            let mut unread = Observation::unread(vm, why);
            unread.address = Some(answer.seen.address.into());
            unread.age = answer.age;
            return vec![failed(unread, answer)];
        }
        ArpOutcome::Silent(tries) => {
            let times = tries.map_or_else(String::new, |tries| format!(", asked {tries} times"));
            let silent = about(Kind::ArpSilent, format!("nobody answers ARP{on}{times}"));
            return vec![failed(silent, answer)];
        }
        ArpOutcome::Replies(_) => {}
    }
    let is_own = |replier: &&ArpReply| subject.macs.contains(&replier.mac);
    let (own, others): (Vec<&ArpReply>, Vec<&ArpReply>) =
        answer.seen.replies().iter().partition(is_own);
    let is_host = |replier: &&&ArpReply| !for_many.contains(&replier.mac);
    let holders: Vec<Mac> = others.iter().filter(is_host).map(|replier| replier.mac).collect();
    let mut facts = Vec::new();
    for replier in &own {
        let says = format!("answers ARP with the VM's MAC{on}");
        facts.push(timed(about(Kind::ArpReply, says), replier).on_mac(replier.mac));
    }
    // Without a MAC of the machine, its own reply looks like another's.
    if !subject.macs.is_empty() {
        for replier in others.iter().take(OTHERS) {
            let mac = replier.mac;
            let many = for_many.contains(&mac);
            if !many && !own.is_empty() {
                continue;
            }
            let whose = if many {
                "which answers for several addresses: a router's proxy ARP or translated MACs"
            } else {
                &owners.of(mac)
            };
            let says = format!("{mac} answers ARP{on}, {whose}");
            let fact = about(Kind::NeighbourOtherMac, says).with(attribute::MACS, joined(&others));
            facts.push(timed(fact, replier).on_mac(mac));
        }
    }
    // The machine's own cards count as one holder: a kernel answers with all cards on a link.
    if usize::from(!own.is_empty()) + holders.len() > 1 {
        let macs: Vec<String> = own
            .iter()
            .map(|replier| replier.mac)
            .chain(holders.iter().copied())
            .map(text)
            .collect();
        let others: Vec<String> =
            holders.iter().map(|mac| format!("{mac}, {}", owners.of(*mac))).take(OTHERS).collect();
        let says = format!("{} answer ARP{on}, among them {}", macs.len(), others.join("; "));
        let fact = about(Kind::ArpDuplicate, says).with(attribute::MACS, macs.join(","));
        facts.extend(holders.first().map(|mac| fact.on_mac(*mac)));
    }
    facts
}

/// MACs of no known machine that answer for several addresses.
fn answering_for_many(answers: &[Answer], owners: &Owners<'_>) -> HashSet<Mac> {
    let mut first_at: HashMap<Mac, Ipv4Addr> = HashMap::new();
    let mut for_many = HashSet::new();
    for answer in answers {
        for mac in answer.seen.replies().iter().map(|replier| replier.mac) {
            let first = *first_at.entry(mac).or_insert(answer.seen.address);
            if first != answer.seen.address && !owners.0.contains_key(&mac) {
                for_many.insert(mac);
            }
        }
    }
    for_many
}

/// The machines that have each MAC.
struct Owners<'a>(HashMap<Mac, Vec<&'a str>>);

impl<'a> Owners<'a> {
    fn new(vms: &'a [Subject]) -> Self {
        let mut owners: HashMap<Mac, Vec<&str>> = HashMap::new();
        for vm in vms {
            for mac in &vm.macs {
                owners.entry(*mac).or_default().push(&vm.name);
            }
        }
        Self(owners)
    }

    fn of(&self, mac: Mac) -> String {
        match self.0.get(&mac).map(Vec::as_slice) {
            None | Some([]) => "not a listed VM's MAC".to_owned(),
            Some(names) => {
                let names: Vec<_> =
                    names.iter().take(OTHERS).map(|name| format!("{name:?}")).collect();
                format!("the MAC of {}", names.join(" and "))
            }
        }
    }
}

fn about(vm: usize, kind: Kind, says: String, answer: &Answer) -> Observation {
    let mut fact = Observation::new(vm, kind, says).at(answer.seen.address);
    fact.age = answer.age;
    match &answer.seen.interface {
        Some(name) => fact.with(attribute::INTERFACE, name.as_str()),
        None => fact,
    }
}

/// The observation with the error that ended the asking.
fn failed(fact: Observation, answer: &Answer) -> Observation {
    match answer.failure() {
        Some(failure) => failure.of(fact),
        None => fact,
    }
}

fn timed(fact: Observation, replier: &ArpReply) -> Observation {
    match replier.round_trip {
        Some(time) => fact.with(attribute::RTT_US, time.as_micros().to_string()),
        None => fact,
    }
}

/// The MACs of all that answered, for the attribute.
fn joined(repliers: &[&ArpReply]) -> String {
    let macs: Vec<String> = repliers.iter().map(|replier| text(replier.mac)).collect();
    macs.join(",")
}

fn text(mac: Mac) -> String {
    mac.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vmkit_plugin::{ArpAnswer, Unread};

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const DB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 2]);
    const WEB_TOO: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 3]);
    const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);
    const ROUTER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 1]);

    fn at(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn vm(name: &str, macs: &[Mac], candidates: &[u8]) -> Subject {
        let candidates = candidates.iter().map(|last| at(*last).into()).collect();
        Subject { name: name.into(), macs: macs.to_vec(), candidates, ..Subject::default() }
    }

    fn answer(last: u8, outcome: ArpOutcome) -> Answer {
        let interface = Some("br0".into());
        Answer::of_now(ArpAnswer { address: at(last), interface, outcome, failure: None })
    }

    fn replies(macs: &[Mac]) -> ArpOutcome {
        let round_trip = Some(Duration::from_micros(400));
        ArpOutcome::Replies(macs.iter().map(|&mac| ArpReply { mac, round_trip }).collect())
    }

    fn lines(answers: &[Answer], vms: &[Subject]) -> Vec<String> {
        let facts = findings(answers, &vmkit_probing::targets(vms), vms);
        let line = |fact: &Observation| {
            let mac = fact.mac.map_or_else(|| "-".to_owned(), text);
            format!("{} {} {mac} {}", fact.vm, fact.kind.code(), fact.says)
        };
        facts.iter().map(line).collect()
    }

    #[test]
    fn reports_what_each_outcome_means_for_each_machine() {
        let vms = [vm("web", &[WEB, WEB_TOO], &[5]), vm("db", &[DB], &[5]), vm("bare", &[], &[5])];
        let rows: [(ArpOutcome, &[&str]); 6] = [
            (
                replies(&[WEB]),
                &[
                    "0 arp-reply 52:54:00:00:00:01 answers ARP with the VM's MAC on br0",
                    "1 neighbour-other-mac 52:54:00:00:00:01 52:54:00:00:00:01 answers ARP on br0, \
                     the MAC of \"web\"",
                ],
            ),
            (
                replies(&[WEB, WEB_TOO]),
                &[
                    "0 arp-reply 52:54:00:00:00:01 answers ARP with the VM's MAC on br0",
                    "0 arp-reply 52:54:00:00:00:03 answers ARP with the VM's MAC on br0",
                    "1 neighbour-other-mac 52:54:00:00:00:01 52:54:00:00:00:01 answers ARP on br0, \
                     the MAC of \"web\"",
                    "1 neighbour-other-mac 52:54:00:00:00:03 52:54:00:00:00:03 answers ARP on br0, \
                     the MAC of \"web\"",
                    "1 arp-duplicate 52:54:00:00:00:01 2 answer ARP on br0, among them \
                     52:54:00:00:00:01, the MAC of \"web\"; 52:54:00:00:00:03, the MAC of \"web\"",
                    "2 arp-duplicate 52:54:00:00:00:01 2 answer ARP on br0, among them \
                     52:54:00:00:00:01, the MAC of \"web\"; 52:54:00:00:00:03, the MAC of \"web\"",
                ],
            ),
            (
                replies(&[STRANGER, DB]),
                &[
                    "0 neighbour-other-mac 3c:00:00:00:00:09 3c:00:00:00:00:09 answers ARP on br0, \
                     not a listed VM's MAC",
                    "0 neighbour-other-mac 52:54:00:00:00:02 52:54:00:00:00:02 answers ARP on br0, \
                     the MAC of \"db\"",
                    "0 arp-duplicate 3c:00:00:00:00:09 2 answer ARP on br0, among them \
                     3c:00:00:00:00:09, not a listed VM's MAC; 52:54:00:00:00:02, the MAC of \"db\"",
                    "1 arp-reply 52:54:00:00:00:02 answers ARP with the VM's MAC on br0",
                    "1 arp-duplicate 3c:00:00:00:00:09 2 answer ARP on br0, among them \
                     3c:00:00:00:00:09, not a listed VM's MAC",
                    "2 arp-duplicate 3c:00:00:00:00:09 2 answer ARP on br0, among them \
                     3c:00:00:00:00:09, not a listed VM's MAC; 52:54:00:00:00:02, the MAC of \"db\"",
                ],
            ),
            (
                replies(&[STRANGER]),
                &[
                    "0 neighbour-other-mac 3c:00:00:00:00:09 3c:00:00:00:00:09 answers ARP on br0, \
                     not a listed VM's MAC",
                    "1 neighbour-other-mac 3c:00:00:00:00:09 3c:00:00:00:00:09 answers ARP on br0, \
                     not a listed VM's MAC",
                ],
            ),
            (
                ArpOutcome::Silent(Some(3)),
                &[
                    "0 arp-silent - nobody answers ARP on br0, asked 3 times",
                    "1 arp-silent - nobody answers ARP on br0, asked 3 times",
                    "2 arp-silent - nobody answers ARP on br0, asked 3 times",
                ],
            ),
            (
                ArpOutcome::Unread(Unread::TimedOut),
                &[
                    "0 unread - no answer before the deadline",
                    "1 unread - no answer before the deadline",
                    "2 unread - no answer before the deadline",
                ],
            ),
        ];
        for (outcome, expected) in rows {
            assert_eq!(lines(&[answer(5, outcome.clone())], &vms), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_mac_that_answers_for_several_addresses_is_no_duplicate() {
        let vms = [vm("web", &[WEB], &[5, 6])];
        let answers = [answer(5, replies(&[WEB, ROUTER])), answer(6, replies(&[ROUTER]))];
        let proxy = "0 neighbour-other-mac 3c:00:00:00:00:01 3c:00:00:00:00:01 answers ARP on br0, \
                     which answers for several addresses: a router's proxy ARP or translated MACs";
        let own = "0 arp-reply 52:54:00:00:00:01 answers ARP with the VM's MAC on br0";
        assert_eq!(lines(&answers, &vms), [own, proxy, proxy]);
    }

    #[test]
    fn a_duplicate_lists_all_macs_and_each_answer_has_its_time() {
        let vms = [vm("web", &[WEB], &[5])];
        let targets = vmkit_probing::targets(&vms);
        let facts = findings(&[answer(5, replies(&[STRANGER, WEB]))], &targets, &vms);
        assert_eq!(facts[0].attribute(attribute::RTT_US), Some("400"));
        let macs = facts[1].attribute(attribute::MACS);
        assert_eq!(macs, Some("52:54:00:00:00:01,3c:00:00:00:00:09"));
    }
}
