//! The figures of a run, for a person.

use std::time::Duration;

use crate::{play::Played, row::HEALTHY};

/// Prints what was said of each scenario, how often it was right, and how long it took.
#[expect(clippy::print_stdout, reason = "the figures are what a person runs this for")]
pub(crate) fn show(played: &[Played]) {
    for one in played {
        let causes = one.causes.iter().take(3);
        let said: Vec<String> = causes.map(|(code, p)| format!("{code} {p:.2}")).collect();
        let mark = if one.wrong.is_empty() { "  " } else { "!!" };
        println!(
            "{mark} {:<34} {:>5.1} s {:>5.1} s  {:<44} {}",
            one.row.name,
            one.passive.as_secs_f64(),
            one.asked.as_secs_f64(),
            one.row.causes.join(" + "),
            if said.is_empty() { "-".to_owned() } else { said.join(", ") },
        );
    }
    let single: Vec<&Played> = played.iter().filter(|one| one.row.causes.len() == 1).collect();
    let double: Vec<&Played> = played.iter().filter(|one| one.row.causes.len() > 1).collect();
    let healthy: Vec<&Played> = played.iter().filter(|one| one.row.exit == HEALTHY).collect();
    let among = |one: &&&Played, first: usize| {
        let said = one.causes.iter().take(first);
        let said: Vec<&str> = said.map(|(code, _)| code.as_str()).collect();
        one.row.causes.iter().all(|code| said.contains(code))
    };
    let named = |of: &[&Played], first: usize| of.iter().filter(|one| among(one, first)).count();
    println!("single faults, first:       {} of {}", named(&single, 1), single.len());
    println!("single faults, among three: {} of {}", named(&single, 3), single.len());
    println!("double faults, among three: {} of {}", named(&double, 3), double.len());
    let accused = healthy.iter().filter(|one| !one.causes.is_empty()).count();
    println!("healthy ones accused:       {accused} of {}", healthy.len());
    times("without probes", played.iter().map(|one| one.passive).collect());
    let at_once = played.iter().filter(|one| !one.row.options.contains(&"--wait"));
    times("with probes", at_once.map(|one| one.asked).collect());
}

#[expect(clippy::print_stdout, reason = "the figures are what a person runs this for")]
fn times(what: &str, mut times: Vec<Duration>) {
    times.retain(|time| !time.is_zero());
    times.sort();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    if let (Some(middle), Some(late), Some(last)) = (at(50), at(95), times.last()) {
        println!("{what}: half in {middle:.1?}, 95 % in {late:.1?}, all in {last:.1?}");
    }
}
