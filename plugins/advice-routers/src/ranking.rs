//! Which routers of the table the gateway may be, with the confidence.

use crate::{
    sighting::Sighting,
    table::{Clue, Confidence, On, Router, Table, Weight},
};

/// Below this confidence a router is not reported.
const LEAST: f64 = 0.2;
/// Most answers.
const MOST: usize = 3;
/// Upper limit of the confidence: a device describes itself.
const SUREST: f64 = 0.97;
/// Many routers share a default address or a maker, so these only add to other clues.
const ADDRESS: f64 = 0.03;
const MAKER: f64 = 0.08;

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) router: &'a Router,
    /// From 0 to 1.
    pub(crate) confidence: f64,
    /// In plain words, the most telling first.
    pub(crate) because: Vec<String>,
}

/// The confidence by this clue alone. The numbers are a judgement: a text of only one kind of router,
/// seen on a real one, leaves one chance in ten that another router shows it too.
fn sure(clue: &Clue, router: &Router) -> f64 {
    let confidence = clue.confidence.unwrap_or(router.confidence);
    match (clue.weight, confidence) {
        (Weight::Decisive, Confidence::Confirmed) => 0.9,
        (Weight::Decisive, Confidence::Medium) => 0.75,
        (Weight::Decisive, Confidence::Uncertain) => 0.5,
        (Weight::Strong, Confidence::Confirmed) => 0.4,
        (Weight::Strong, Confidence::Medium) => 0.3,
        (Weight::Strong, Confidence::Uncertain) => 0.2,
        (Weight::Weak, Confidence::Confirmed) => 0.12,
        (Weight::Weak, Confidence::Medium) => 0.08,
        (Weight::Weak, Confidence::Uncertain) => 0.05,
    }
}

/// The answers, the surest first. The gateway is at most one router, so the answers and "none of these"
/// share the probability.
pub(crate) fn rank<'a>(table: &'a Table, seen: &Sighting) -> Vec<Answer<'a>> {
    let mut answers: Vec<Answer<'_>> =
        table.routers.iter().filter_map(|router| answer(router, table, seen)).collect();
    let odds = |sure: f64| sure / (1.0 - sure);
    let all: f64 = answers.iter().map(|answer| odds(answer.confidence)).sum();
    for answer in &mut answers {
        answer.confidence = odds(answer.confidence) / (1.0 + all);
    }
    answers.retain(|answer| answer.confidence >= LEAST);
    answers.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
    answers.truncate(MOST);
    answers
}

/// The confidence if this were the only router of the table.
fn answer<'a>(router: &'a Router, table: &Table, seen: &Sighting) -> Option<Answer<'a>> {
    if router.rules_out.iter().any(|text| seen.any_page_says(text)) {
        return None;
    }
    let found = |clue: &'a Clue| Some((sure(clue, router), shown(clue, seen.finds(clue)?, router)));
    let mut clues: Vec<(f64, String)> = router.clues.iter().filter_map(found).collect();
    if clues.is_empty() {
        return None;
    }
    let address = seen.addresses.iter().find(|address| router.addresses.contains(address));
    clues.extend(address.map(|a| (ADDRESS, format!("{a} is its address, as that of many others"))));
    let maker = seen.macs.iter().find_map(|mac| table.maker_of(mac));
    let maker = maker.filter(|(id, _)| router.makers.iter().any(|maker| maker == id));
    clues.extend(maker.map(|(_, maker)| {
        (MAKER, format!("its MAC is one of {}, whose boards it has", maker.name))
    }));
    clues.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let wrong: f64 = clues.iter().map(|(sure, _)| 1.0 - sure).product();
    let confidence = (1.0 - wrong).min(SUREST);
    Some(Answer { router, confidence, because: clues.into_iter().map(|(_, why)| why).collect() })
}

/// The clue in plain words, with its source.
pub(crate) fn shown(clue: &Clue, text: &str, router: &Router) -> String {
    let what = match clue.on {
        On::Title => format!("the title of its page has “{text}”"),
        On::Server => format!("its server header has “{text}”"),
        On::FriendlyName => format!("its UPnP name has “{text}”"),
        On::Manufacturer => format!("its UPnP manufacturer is “{text}”"),
        On::ModelName => format!("its UPnP model has “{text}”"),
        On::Name => format!("its name is {text}"),
        On::Domain => format!("its DHCP domain is {text}"),
        On::Page => {
            format!("its page {} has “{text}”", clue.path.as_deref().unwrap_or_default())
        }
    };
    let source = clue.source.as_ref().unwrap_or(&router.source);
    match clue.confidence.unwrap_or(router.confidence) {
        Confidence::Confirmed => format!("{what} (seen: {source})"),
        Confidence::Medium => format!("{what} (reported: {source})"),
        Confidence::Uncertain => format!("{what} (unconfirmed: {source})"),
    }
}
