//! All questions to all sources at once.

use std::{collections::HashSet, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Subject};
use vmkit_probing::{block_on, time_left, unless_cancelled};

use crate::{
    facts::{Facts, Group},
    lane::{Done, Lane},
    message::Question,
    names::{Names, is_absent},
    places::{Place, Places},
    record::Record,
};

/// Asks all sources, reports each answer as it comes, and returns all questions with their answers.
pub(crate) fn run(
    vms: &[Subject],
    places: &Places,
    configured: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<Record>> {
    let names = Names::of(vms, &places.search, cx.now());
    if names == Names::default() {
        return Ok(Vec::new());
    }
    let allowed = configured.min(time_left(cx));
    block_on(ask(vms, places, &names, allowed, cx))
}

async fn ask(
    vms: &[Subject],
    places: &Places,
    names: &Names,
    allowed: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<Record>> {
    let deadline = Instant::now() + allowed;
    let (done, mut answered) = mpsc::unbounded_channel();
    let mut unsettled = HashSet::new();
    let mut lanes = JoinSet::new();
    for (index, place) in places.all.iter().enumerate() {
        let questions = questions(place, names);
        let absent = questions.iter().filter(|question| is_absent(&question.name));
        unsettled.extend(absent.map(|of| Group::of(place.source(), &of.name, of.ipv6)));
        let lane = Lane { index, place: place.clone(), questions, done: done.clone() };
        lanes.spawn(lane.run(deadline));
    }
    drop(done);
    let mut facts = Facts::new(vms, unsettled);
    let mut records = Vec::new();
    while let Some(done) = unless_cancelled(answered.recv(), cx).await? {
        let question = done.question.clone();
        let record = record(places, done);
        let mut observations = facts.add(&record);
        // A refusal also shows that the source makes nothing up.
        if is_absent(&question.name) {
            let group = Group::of(&record.source, &question.name, question.ipv6);
            observations.extend(facts.settle(&group));
        }
        cx.emit_all(observations)?;
        records.push(record);
    }
    cx.emit_all(facts.finish())?;
    while let Some(lane) = lanes.join_next().await {
        // A panic is a fault of this plugin: pass it on.
        lane.map_err(|error| Error::new(ErrorCode::Other, error.to_string()))?;
    }
    Ok(records)
}

/// The questions for a place: each name in both address families.
fn questions(place: &Place, names: &Names) -> Vec<Question> {
    let names = match place {
        Place::Server(_) => &names.unicast,
        Place::Links { .. } => &names.multicast,
    };
    let both = |name: &String| [false, true].map(|ipv6| Question { name: name.clone(), ipv6 });
    names.iter().flat_map(both).collect()
}

fn record(places: &Places, done: Done) -> Record {
    let Done { place, question: Question { name, .. }, mut answers, error } = done;
    let place = &places.all[place];
    if place.reads_hosts() {
        answers.retain(|answer| {
            let echo = places.hosts.gives(&name, answer.ip);
            if echo {
                tracing::debug!("{name} is {} by the hosts file of this computer", answer.ip);
            }
            !echo
        });
    }
    Record { name, source: place.source().to_owned(), answers, error }
}
