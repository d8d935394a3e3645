//! An advice source that misbehaves as configured.

use serde::Deserialize;
use vmkit_plugin::{
    Advice, AdviceKind, AdviceSource, Cx, Error, ErrorCode, Fact, MacStatus, Plugin, Result, Step,
    Witness, Word,
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    how: String,
}

struct Misadvise(Config);

impl Plugin for Misadvise {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl AdviceSource for Misadvise {
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>> {
        match self.0.how.as_str() {
            "panic" => panic!("panic on demand"),
            "abort" => std::process::abort(),
            "exit" => std::process::exit(0),
            "hang" => loop {
                std::thread::park();
            },
            "dawdle" => loop {
                cx.check()?;
                std::hint::spin_loop();
            },
            "flood-log" => loop {
                tracing::error!("{}", "x".repeat(4000));
            },
            "open" => cx.open_console(0).map(|_| Vec::new()),
            "fail" => Err(Error::new(ErrorCode::Other, "failing \u{1b}[31m")),
            // More than a frame holds, unless it is cut.
            "oversized" => Ok(vec![advice(&"x".repeat(1 << 20), f64::NAN); 1000]),
            "lie" => Ok(vec![advice("\u{1b}]0;mine\u{7}\u{202e}", 9e9)]),
            "witness" => Ok(vec![witness(facts)]),
            "brief" => {
                Ok(vec![Advice { because: Vec::new(), steps: Vec::new(), ..advice("well", 0.5) }])
            }
            _ => Ok(vec![Advice {
                because: facts.iter().map(|fact| fact.key.clone()).collect(),
                ..advice("well", 0.5)
            }]),
        }
    }
}

fn advice(text: &str, confidence: f64) -> Advice {
    Advice {
        kind: AdviceKind::Router,
        id: text.to_owned(),
        title: text.to_owned(),
        confidence,
        because: vec![text.to_owned(); 100],
        steps: vec![Step::new(text); 100],
    }
}

/// What the router reports about the first machine, with a command to test it.
fn witness(facts: &[Fact]) -> Advice {
    let mac =
        facts.iter().find(|fact| fact.key == "machine.mac").and_then(|f| f.value.parse().ok());
    let seen = MacStatus::NotListed;
    let kind = mac.map_or(AdviceKind::Router, |mac| AdviceKind::Witness(Witness { mac, seen }));
    let test = ["vm".into(), Word::MachineName, "a b".into()];
    Advice { kind, steps: vec![Step::new("Test it").with_command(test)], ..advice("hub", 0.9) }
}

vmkit_plugin::export!(manifest = "../plugin.json", advice = Misadvise);
