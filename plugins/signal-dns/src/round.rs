//! All questions to all sources at once.

use std::{collections::HashSet, time::Duration};

use tokio::{
    runtime,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Subject};

use crate::{
    facts::{Facts, Group},
    lane::{Done, Lane},
    message::Question,
    names::{Names, is_absent},
    places::{Place, Places},
    record::Record,
};

/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// Asks everybody, reports each answer as it comes, and returns what was asked and answered.
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
    let allowed = configured.min(cx.remaining().saturating_sub(MARGIN));
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::io("start the network runtime", &error))?;
    runtime.block_on(ask(vms, places, &names, allowed, cx))
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
    loop {
        match timeout(CANCEL_CHECK, answered.recv()).await {
            Ok(Some(done)) => {
                let question = done.question.clone();
                let record = record(places, done);
                let mut told = facts.add(&record);
                // A refusal, too, tells that nothing is made up.
                if is_absent(&question.name) {
                    let group = Group::of(&record.source, &question.name, question.ipv6);
                    told.extend(facts.settle(&group));
                }
                cx.emit_all(told)?;
                records.push(record);
            }
            Ok(None) => break,
            Err(_) => cx.check()?,
        }
    }
    cx.emit_all(facts.finish())?;
    while let Some(lane) = lanes.join_next().await {
        // A lane that panicked is a fault of this plugin: pass it on.
        lane.map_err(|error| Error::new(ErrorCode::Other, error.to_string()))?;
    }
    Ok(records)
}

/// What a place is asked: both families of each name in turn.
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
