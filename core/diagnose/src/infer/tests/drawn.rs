//! Typical and randomly drawn findings of each cause must lead back to it.

use vmkit_types::Unread;

use super::*;

/// The same draws on every computer: xorshift64.
struct Draws(u64);

impl Draws {
    fn chance(&mut self, probability: f64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let drawn = u32::try_from(self.0 >> 32).unwrap();
        f64::from(drawn) < probability * f64::from(u32::MAX)
    }
}

/// The circumstances that favour a cause.
fn favoured(catalogue: &Catalogue, cause: usize) -> Vec<Circumstance> {
    let given = catalogue.causes.get(cause).map_or(&[][..], |cause| &cause.given);
    given.iter().filter(|(_, factor)| *factor > 1.0).map(|(each, _)| *each).collect()
}

/// Findings of a machine with these causes. Each source is looked at with some probability.
fn drawn(
    catalogue: &Catalogue,
    truth: Hypothesis,
    looked_at: f64,
    draws: &mut Draws,
) -> Vec<Finding> {
    let blank = Model::new(catalogue, &[], &[]);
    let mut sources: Vec<(&str, bool)> = Vec::new();
    let mut findings = Vec::new();
    for kind in &catalogue.findings {
        let known = sources.iter().find(|(source, _)| *source == kind.source).map(|(_, yes)| *yes);
        let looked = known.unwrap_or_else(|| {
            // Signals and the process are always looked at.
            let always = ["machine", "signals", "interfaces"].contains(&kind.source.as_str());
            let looked = always || draws.chance(looked_at);
            sources.push((&kind.source, looked));
            looked
        });
        let there = draws.chance(blank.presence(truth, kind.code));
        findings.push(match (looked, there) {
            (false, _) => Finding { code: kind.code, state: State::NotObserved(Unread::NotTried) },
            (true, true) => present(kind.code),
            (true, false) => absent(kind.code),
        });
    }
    findings
}

fn is_fault(catalogue: &Catalogue, findings: &[Finding]) -> bool {
    findings.iter().any(|each| {
        let fault = catalogue.finding(each.code).fault;
        matches!(each.state, State::Present(_)) && fault != crate::Fault::Never
    })
}

/// The known causes by probability.
fn ranked(model: &Model<'_>) -> Vec<(usize, f64)> {
    let beliefs = Beliefs::of(model);
    let mut ranked: Vec<(usize, f64)> = beliefs.marginal.into_iter().enumerate().collect();
    ranked.retain(|(cause, _)| *cause != model.unknown());
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

#[test]
fn every_cause_is_the_first_given_its_typical_findings() {
    const TYPICAL: f64 = 0.5;
    let catalogue = Catalogue::builtin().unwrap();
    for (at, cause) in catalogue.causes.iter().enumerate() {
        let often = |code: FindingCode| cause.produces.iter().find(|(each, _)| *each == code);
        let findings: Vec<Finding> = FindingCode::ALL
            .iter()
            .map(|code| match often(*code) {
                Some((_, often)) if *often >= TYPICAL => present(*code),
                _ => absent(*code),
            })
            .collect();
        let model = Model::new(&catalogue, &favoured(&catalogue, at), &findings);
        let (first, probability) = ranked(&model)[0];
        let first = catalogue.causes[first].code;
        assert!(first == cause.code && probability >= 0.5, "{}: {first}", cause.code);
    }
}

/// How often something was true.
#[derive(Default)]
struct Share {
    yes: u32,
    all: u32,
}

impl Share {
    fn note(&mut self, yes: bool) {
        self.yes += u32::from(yes);
        self.all += 1;
    }

    /// Fails if the share is lower than bad luck explains: by three standard deviations of such a share.
    #[track_caller]
    fn assert_at_least(&self, percent: u32, what: &str) {
        let Self { yes, all } = self;
        let (share, asked) = (f64::from(*yes) / f64::from(*all), f64::from(percent) / 100.0);
        let luck = 3.0 * (asked * (1.0 - asked) / f64::from(*all)).sqrt();
        assert!(share >= asked - luck, "{what}: {yes} of {all}, asked {percent} %");
    }
}

/// With findings drawn from the model itself, the model must reach its targets.
#[test]
fn findings_drawn_from_a_cause_lead_back_to_it() {
    const DRAWS: usize = 20;
    const HIGHEST_BRIER: f64 = 0.05;
    let catalogue = Catalogue::builtin().unwrap();
    let mut draws = Draws(7);
    let (mut first, mut among_three, mut squares) = (Share::default(), Share::default(), 0.0);
    for at in 0..catalogue.causes.len() {
        for _ in 0..DRAWS {
            let findings = drawn(&catalogue, Hypothesis::one(at), 1.0, &mut draws);
            if !is_fault(&catalogue, &findings) {
                continue;
            }
            let model = Model::new(&catalogue, &favoured(&catalogue, at), &findings);
            let ranked = ranked(&model);
            let right = ranked[0].0 == at;
            first.note(right);
            among_three.note(ranked[..3].iter().any(|(cause, _)| *cause == at));
            squares += (ranked[0].1 - f64::from(u8::from(right))).powi(2);
        }
    }
    first.assert_at_least(95, "first");
    among_three.assert_at_least(99, "among the first three");
    assert!(squares / f64::from(first.all) <= HIGHEST_BRIER, "{squares} over {}", first.all);
}

#[test]
fn an_unknown_fault_rarely_gets_a_name() {
    const DRAWS: usize = 60;
    let catalogue = Catalogue::builtin().unwrap();
    let unknown = Hypothesis::one(catalogue.causes.len());
    let scenes = [
        [Circumstance::ModeBridged, Circumstance::UplinkWifi, Circumstance::PlatformMacos],
        [Circumstance::ModeBridged, Circumstance::UplinkEthernet, Circumstance::PlatformLinux],
    ];
    for looked_at in [1.0, 0.4] {
        let (mut draws, mut open) = (Draws(11), Share::default());
        for given in &scenes {
            for _ in 0..DRAWS {
                let findings = drawn(&catalogue, unknown, looked_at, &mut draws);
                if is_fault(&catalogue, &findings) {
                    let model = Model::new(&catalogue, given, &findings);
                    open.note(ranked(&model)[0].1 < 0.5);
                }
            }
        }
        open.assert_at_least(80, "left open");
    }
}

#[test]
fn both_of_two_faults_are_among_the_first_three() {
    // Steps without a common factor with the number of causes, so that all kinds meet.
    const STEPS: [usize; 3] = [7, 19, 29];
    let catalogue = Catalogue::builtin().unwrap();
    let (count, mut draws, mut both) = (catalogue.causes.len(), Draws(5), Share::default());
    for step in STEPS {
        for first in 0..count {
            let second = (first + step) % count;
            let truth = Hypothesis::two(first.min(second), first.max(second));
            let findings = drawn(&catalogue, truth, 1.0, &mut draws);
            if is_fault(&catalogue, &findings) {
                let ranked = ranked(&Model::new(&catalogue, &[], &findings));
                let there = |cause: usize| ranked[..3].iter().any(|(each, _)| *each == cause);
                both.note(there(first) && there(second));
            }
        }
    }
    both.assert_at_least(85, "both among the first three");
}
