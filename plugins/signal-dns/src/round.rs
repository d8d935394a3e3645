//! All questions to all responders at once.

use std::{collections::HashSet, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Subject};
use vmkit_probing::{block_on, time_left, unless_cancelled};

use crate::{
    collector::{Collector, Group},
    lane::{Lane, Response},
    message::Question,
    names::{Names, is_absent},
    record::Record,
    responders::{Responder, Responders},
};

/// Asks all responders, reports each answer as it comes, and returns all questions with their answers.
pub(crate) fn run(
    vms: &[Subject],
    responders: &Responders,
    configured: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<Record>> {
    let names = Names::of(vms, &responders.search, cx.now());
    if names == Names::default() {
        return Ok(Vec::new());
    }
    let allowed = configured.min(time_left(cx));
    block_on(ask(vms, responders, &names, allowed, cx))
}

async fn ask(
    vms: &[Subject],
    responders: &Responders,
    names: &Names,
    allowed: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<Record>> {
    let deadline = Instant::now() + allowed;
    let (sender, mut responses) = mpsc::unbounded_channel();
    let mut unsettled = HashSet::new();
    let mut lanes = JoinSet::new();
    for (index, responder) in responders.all.iter().enumerate() {
        let questions = questions(responder, names);
        let absent = questions.iter().filter(|question| is_absent(&question.name));
        unsettled.extend(absent.map(|of| Group::of(responder.group(), &of.name, of.ipv6)));
        let lane =
            Lane { index, responder: responder.clone(), questions, responses: sender.clone() };
        lanes.spawn(lane.run(deadline));
    }
    drop(sender);
    let mut collector = Collector::new(vms, unsettled);
    let mut records = Vec::new();
    while let Some(response) = unless_cancelled(responses.recv(), cx).await? {
        let question = response.question.clone();
        let record = record(responders, response);
        let mut observations = collector.add(&record);
        // A refusal also settles what the source makes up.
        if is_absent(&question.name) {
            let group = Group::of(record.group(), &question.name, question.ipv6);
            observations.extend(collector.settle(&group));
        }
        cx.emit_all(observations)?;
        records.push(record);
    }
    cx.emit_all(collector.finish())?;
    while let Some(lane) = lanes.join_next().await {
        // A panic is a fault of this plugin: pass it on.
        lane.map_err(|error| Error::new(ErrorCode::Other, error.to_string()))?;
    }
    Ok(records)
}

/// The questions for a responder: each name in both address families.
fn questions(responder: &Responder, names: &Names) -> Vec<Question> {
    let names = match responder {
        Responder::Server(_) => &names.unicast,
        Responder::Links { .. } => &names.multicast,
    };
    let both = |name: &String| [false, true].map(|ipv6| Question { name: name.clone(), ipv6 });
    names.iter().flat_map(both).collect()
}

fn record(responders: &Responders, response: Response) -> Record {
    let Response { responder, question, interface, mut answers, error } = response;
    let Question { name, .. } = question;
    let responder = &responders.all[responder];
    if responder.reads_hosts() {
        answers.retain(|answer| {
            let echo = responders.hosts.gives(&name, answer.ip);
            if echo {
                tracing::debug!("{name} is {} by the hosts file of this computer", answer.ip);
            }
            !echo
        });
    }
    Record { name, source: responder.source().to_owned(), interface, answers, error }
}
