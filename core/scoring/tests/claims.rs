//! What plugins claim by kinds of their own: how much it counts, alone, together and against the host.

#![expect(clippy::unwrap_used, reason = "a faulty table must end its test")]

mod common;

use std::time::Duration;

use vmkit_model::{ClaimKind, PluginClaims};
use vmkit_scoring::{Pick, Weights, score};

/// e², the limit of all claims together where nobody has set another one, as a logarithm.
const LIMIT: f64 = 2.0;

/// `PLUGIN.WORD=RATIO[/GROUP]…`, and `PLUGIN:FACTOR` where the user has set a limit. A claim halves
/// within an hour.
fn claims(line: &str) -> Vec<PluginClaims> {
    let mut all: Vec<PluginClaims> = Vec::new();
    for word in line.split_whitespace() {
        if let Some((plugin, limit)) = word.split_once(':') {
            let of_plugin = all.iter_mut().find(|claims| claims.plugin == plugin);
            of_plugin.unwrap().limit = Some(limit.parse().unwrap());
            continue;
        }
        let (code, ratio) = word.split_once('=').unwrap();
        let (ratio, group) = ratio.split_once('/').unwrap_or((ratio, "own"));
        let plugin = code.split('.').next().unwrap();
        let kind = ClaimKind {
            code: code.to_owned(),
            group: group.to_owned(),
            half_life: Duration::from_hours(1),
            likelihood_ratio: ratio.parse().unwrap(),
            says: "a claim".to_owned(),
        };
        match all.iter_mut().find(|claims| claims.plugin == plugin) {
            Some(claims) => claims.kinds.push(kind),
            None => {
                all.push(PluginClaims {
                    plugin: plugin.to_owned(),
                    kinds: vec![kind],
                    limit: None,
                });
            }
        }
    }
    all
}

fn weights(line: &str) -> Weights {
    Weights::builtin().unwrap().with_claims(&claims(line))
}

fn pick(lines: &[&str], weights: &Weights) -> (Pick, String) {
    let cases = [common::case("web bridged on=en0 up=7200")];
    let lines: Vec<String> = lines.iter().map(|line| format!("web {line}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let all = common::evidence(&lines, &cases);
    let network = common::network("lan");
    let mut picks = score(&cases, &all, network.as_ref(), common::now(), weights);
    let account = common::account(&cases, &picks).remove("web").unwrap();
    (picks.remove(0), format!("{}\n{}", account.0, account.1))
}

/// The sums of the claims for and against the first candidate.
fn totals(pick: &Pick) -> (f64, f64) {
    let first = pick.candidates.iter().find(|it| it.address.to_string() == "192.168.1.64").unwrap();
    let claims = first.ledger.iter().filter(|it| it.evidence.observation.kind.plugin().is_some());
    let weights: Vec<f64> = claims.map(|entry| entry.weight).collect();
    let sum = |direction: f64| weights.iter().map(|it| (it * direction).max(0.0)).sum::<f64>();
    (sum(1.0), sum(-1.0))
}

/// What is claimed; the kinds; the evidence; what it adds up to, for and against.
type Sum = (&'static str, &'static str, &'static [&'static str], f64, f64);

const SUMS: &[Sum] = &[
    ("one small claim", "a.x=2", &["192.168.1.64 a.x from=a"], 0.693, 0.0),
    ("one that is too great", "a.x=1000", &["192.168.1.64 a.x from=a"], LIMIT, 0.0),
    ("one against", "a.x=0.001", &["192.168.1.64 a.x from=a"], 0.0, LIMIT),
    (
        "the same again and again counts once",
        "a.x=2",
        &["192.168.1.64 a.x from=a", "192.168.1.64 a.x from=a", "192.168.1.64 a.x from=a"],
        0.693,
        0.0,
    ),
    (
        "two kinds of one origin: the second counts by the share of the rest",
        "a.x=2 a.y=2",
        &["192.168.1.64 a.x from=a", "192.168.1.64 a.y from=a"],
        0.901,
        0.0,
    ),
    (
        "two kinds of two origins count both",
        "a.x=2/one a.y=2/two",
        &["192.168.1.64 a.x from=a", "192.168.1.64 a.y from=a"],
        1.386,
        0.0,
    ),
    (
        "many origins of one plugin",
        "a.k=9/1 a.l=9/2 a.m=9/3 a.n=9/4",
        &[
            "192.168.1.64 a.k from=a",
            "192.168.1.64 a.l from=a",
            "192.168.1.64 a.m from=a",
            "192.168.1.64 a.n from=a",
        ],
        LIMIT,
        0.0,
    ),
    (
        "many sightings on many interfaces",
        "a.x=9",
        &[
            "192.168.1.64 a.x from=a if=e0",
            "192.168.1.64 a.x from=a if=e1",
            "192.168.1.64 a.x from=a if=e2",
            "192.168.1.64 a.x from=a if=e3",
        ],
        LIMIT,
        0.0,
    ),
    (
        "several plugins of one author share one limit",
        "a.x=9 b.x=9 c.x=9",
        &["192.168.1.64 a.x from=a", "192.168.1.64 b.x from=b", "192.168.1.64 c.x from=c"],
        LIMIT,
        0.0,
    ),
    (
        "claims about the machine as a whole count for each address",
        "a.x=9 b.x=9",
        &["192.168.1.64 a.x from=a", "- b.x from=b"],
        LIMIT,
        0.0,
    ),
    (
        "claims for and against do not make room for each other",
        "a.x=9 a.y=0.01",
        &["192.168.1.64 a.x from=a", "192.168.1.64 a.y from=a"],
        LIMIT,
        LIMIT,
    ),
    ("half a life later", "a.x=2", &["192.168.1.64 a.x from=a age=3600"], 0.347, 0.0),
    (
        "a claim that names the MAC of another machine",
        "a.x=9",
        &["192.168.1.64 a.x from=a mac=other"],
        0.0,
        0.0,
    ),
    ("one of before the boot", "a.x=9", &["192.168.1.64 a.x from=a age=7300"], 0.0, 0.0),
    ("a kind that nobody declared", "a.x=9", &["192.168.1.64 b.x from=b"], 0.0, 0.0),
    ("a limit of the user's", "a.x=100 a:50", &["192.168.1.64 a.x from=a"], 3.912, 0.0),
    ("all that a plugin declares", "a.x=100 a:full", &["192.168.1.64 a.x from=a"], 4.605, 0.0),
    ("shown and without weight", "a.x=100 a:1", &["192.168.1.64 a.x from=a"], 0.0, 0.0),
    (
        "the limit of one plugin is no other's",
        "a.x=100 b.x=100 c.x=100 a:50",
        &["192.168.1.64 a.x from=a", "192.168.1.64 b.x from=b", "192.168.1.64 c.x from=c"],
        3.912 + LIMIT,
        0.0,
    ),
];

#[test]
fn claims_count_up_to_a_limit_and_several_plugins_share_it() {
    for (name, kinds, evidence, supporting, against) in SUMS {
        let (pick, account) = pick(evidence, &weights(kinds));
        let (found, found_against) = totals(&pick);
        let close = |one: f64, two: f64| (one - two).abs() < 0.001;
        assert!(
            close(found, *supporting) && close(found_against, *against),
            "{name}: {found}, {found_against}\n{account}"
        );
        assert!(!kinds.contains(':') && found <= LIMIT || kinds.contains(':'), "{name}");
    }
}

/// What is claimed; the kinds; the evidence; the verdict with the address; why it is not written, or
/// nothing.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const CLAIMED: &str = "192.168.1.64 is claimed by a plugin alone";

const ROWS: &[Row] = &[
    (
        "a claim alone is probable",
        "a.x=1000",
        &["192.168.1.64 a.x from=a"],
        "probable 192.168.1.64",
        CLAIMED,
    ),
    (
        "with all the weight that a user can give",
        "a.x=1000/1 a.y=1000/2 b.x=1000 a:full b:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 a.y from=a", "192.168.1.64 b.x from=b"],
        "probable 192.168.1.64",
        CLAIMED,
    ),
    (
        "somebody answers where a plugin says that the machine is",
        "a.x=1000 a:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 ssh-ready", "192.168.1.64 icmp-reply"],
        "probable 192.168.1.64",
        CLAIMED,
    ),
    (
        "the plugin agrees with the guest",
        "a.x=1000 a:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 agent-address mac=web"],
        "probable 192.168.1.64",
        "192.168.1.64 is claimed by the guest alone",
    ),
    (
        "the plugin makes an old lease likely, and not resolved",
        "a.x=1000 a:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 lease-expired mac=web"],
        "probable 192.168.1.64",
        "192.168.1.64 is supported by old evidence alone",
    ),
    (
        "the plugin makes a table's entry no fresher",
        "a.x=1000 a:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 neighbour-stale mac=web if=en0"],
        "resolved 192.168.1.64",
        "192.168.1.64 is supported by old evidence alone",
    ),
    (
        "the plugin lifts a frame over no threshold of writing",
        "a.x=1000 a:full",
        &["192.168.1.64 a.x from=a", "192.168.1.64 neighbour-reachable mac=web age=58"],
        "resolved 192.168.1.64",
        "192.168.1.64 is not likely enough without a plugin's own claim",
    ),
    (
        "a claim beside what the host saw takes nothing away",
        "a.x=5",
        &["192.168.1.64 a.x from=a", "192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "",
    ),
    (
        "a claim against the only other address resolves none",
        "a.x=0.001 a:full",
        &[
            "192.168.1.64 lease-current mac=web",
            "192.168.1.65 lease-current mac=web",
            "192.168.1.65 a.x from=a",
        ],
        "probable 192.168.1.64",
        "192.168.1.64 is probable (0.935), below 0.99",
    ),
    (
        "claims against what the host saw are bounded",
        "a.x=0.001 b.x=0.001",
        &[
            "192.168.1.64 a.x from=a",
            "192.168.1.64 b.x from=b",
            "192.168.1.64 neighbour-reachable mac=web",
        ],
        "resolved 192.168.1.64",
        "192.168.1.64 is probable (0.960), below 0.99",
    ),
    (
        "a claim of another address leaves what the host saw resolved",
        "a.x=1000",
        &["192.168.1.66 a.x from=a", "192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "192.168.1.64 is probable (0.956), below 0.99",
    ),
    (
        "a claim's prefix strikes no address out and assigns none",
        "a.x=2",
        &["192.168.1.64 a.x from=a prefix=26", "192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "",
    ),
    (
        "nor does that of a kind without weight",
        "",
        &["192.168.1.64 b.x from=b prefix=26", "192.168.1.64 neighbour-reachable mac=web"],
        "resolved 192.168.1.64",
        "",
    ),
    (
        "a claim breaks no tie",
        "a.x=1000 a:full",
        &[
            "192.168.1.30 neighbour-reachable mac=web",
            "192.168.1.30 ssh-ready",
            "192.168.1.64 neighbour-reachable mac=web",
            "192.168.1.64 ssh-ready",
            "192.168.1.64 a.x from=a prefix=24",
        ],
        "resolved 192.168.1.64",
        "192.168.1.30 is as likely as 192.168.1.64, and nothing tells which one is its own",
    ),
    (
        "a claim elsewhere leads nobody there",
        "a.x=1000 a:full",
        &["203.0.113.66 a.x from=a"],
        "probable 203.0.113.66",
        "203.0.113.66 is in no network of this computer",
    ),
];

#[test]
fn claims_alone_resolve_nothing_and_write_nothing() {
    let mut wrong = Vec::new();
    for (name, kinds, evidence, verdict, why) in ROWS {
        let weights = weights(kinds);
        let (pick, account) = pick(evidence, &weights);
        let found = pick.certain_address(&weights).err().map(|why| why.to_string());
        let fits = account.lines().next() == Some(*verdict)
            && found.as_deref().unwrap_or_default() == *why
            && pick.leads_elsewhere() == verdict.contains("203.0.113");
        if !fits {
            wrong.push(format!("{name}: {found:?}\n{account}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A claim that names an address of another machine takes it from nobody.
#[test]
fn a_claim_contests_no_address_of_another_machine() {
    let weights = weights("a.x=1000 a:full");
    let cases = ["web bridged on=en0 up=3600", "db bridged on=en0 up=3600"].map(common::case);
    let lines = ["web 192.168.1.64 neighbour-reachable mac=web", "db 192.168.1.64 a.x from=a"];
    let all = common::evidence(&lines, &cases);
    let network = common::network("lan");
    let picks = score(&cases, &all, network.as_ref(), common::now(), &weights);
    assert!(picks[0].certain_address(&weights).is_ok(), "{:?}", picks[0].candidates);
    assert_eq!(picks[1].verdict.code(), "probable");
}

#[test]
fn a_kind_of_the_table_keeps_its_row_whatever_is_declared() {
    let plain = Weights::builtin().unwrap();
    let kind = ClaimKind {
        code: "arp-reply".to_owned(),
        group: "own".to_owned(),
        half_life: Duration::from_hours(1),
        likelihood_ratio: 1000.0,
        says: "a claim".to_owned(),
    };
    let forged = vec![PluginClaims { plugin: "a".to_owned(), kinds: vec![kind], limit: None }];
    let forged = plain.clone().with_claims(&forged);
    let lines = ["192.168.1.64 arp-reply mac=web", "192.168.1.65 lease-current mac=web"];
    let numbers = |weights| common::numbers(&[pick(&lines, weights).0]);
    assert_eq!(numbers(&plain), numbers(&forged));
}
