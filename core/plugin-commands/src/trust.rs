//! `vm plugin trust` and `untrust`.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use vmkit_host::{Identity, Plugin};
use vmkit_model::ClaimLimit;
use vmkit_report::{PluginEntry, PluginRequest};
use vmkit_session::Request;

use crate::{Ended, Failure, Front, answer, entries::described, note};

/// What somebody agrees to beyond what the plugin needs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Agreed {
    /// It runs also where its files cannot be confined.
    pub(crate) unconfined: bool,
    /// What its own claims may add up to.
    pub(crate) weight: Option<ClaimLimit>,
}

/// Shows what the plugin needs, asks, and lets it run.
pub(crate) fn trust(
    file: &Path,
    agreed: Agreed,
    yes: bool,
    front: &Front<'_>,
) -> anyhow::Result<Ended> {
    let Request { plugin, before } = front.settings.request(file)?;
    if agreed.weight.is_some() && plugin.claims().is_none() {
        let none = format!("{} declares no kinds of evidence of its own", plugin.manifest.id);
        return Err(Failure::new(none).with_hint("run the command without --weight").into());
    }
    show(&plugin, before.in_words(), agreed, front)?;
    if !(yes || agrees("Let exactly this file run?")?) {
        note("It is not trusted.\n");
        return Ok(Ended::WithFindings);
    }
    front.settings.trust(&plugin, agreed.unconfined, agreed.weight)?;
    note(&format!("{} may run.\n", plugin.manifest.id));
    Ok(Ended::Well)
}

/// Shows what somebody who agrees to this plugin agrees to.
pub(crate) fn show(
    plugin: &Plugin,
    before: &str,
    agreed: Agreed,
    front: &Front<'_>,
) -> anyhow::Result<()> {
    let request = request(plugin, before, agreed, front);
    answer(|out| request.write_text(out, front.terminal))
}

fn request(plugin: &Plugin, before: &str, agreed: Agreed, front: &Front<'_>) -> PluginRequest {
    PluginRequest {
        entry: PluginEntry {
            weight: agreed.weight.map(ClaimLimit::factor),
            ..described(&plugin.path, &Identity::of(plugin), front)
        },
        before: before.to_owned(),
        warnings: plugin.manifest.warnings(agreed.unconfined),
    }
}

/// Whether code of this plugin may run now. Asks beside the answer where nobody has agreed to the plugin.
pub(crate) fn may_run_now(plugin: &Plugin, yes: bool, front: &Front<'_>) -> anyhow::Result<bool> {
    if yes || front.settings.plugin_at(&plugin.path).plugin.is_ok() {
        return Ok(true);
    }
    let request = request(plugin, "nobody has trusted this file", Agreed::default(), front);
    let mut text = Vec::new();
    request.write_text(&mut text, front.terminal)?;
    note(&String::from_utf8_lossy(&text));
    agrees("Let its code run now, confined, without trusting it?")
}

/// Asks the person at the terminal.
pub(crate) fn agrees(question: &str) -> anyhow::Result<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let alone = Failure::new("nobody is at the terminal who could agree");
        return Err(alone.with_hint("read what it needs, then add --yes").into());
    }
    note(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Takes trust back.
pub(crate) fn untrust(plugin: &str, front: &Front<'_>) -> anyhow::Result<Ended> {
    for entry in front.settings.untrust(plugin)? {
        note(&format!("{} {} is no longer trusted.\n", entry.id, entry.version));
    }
    Ok(Ended::Well)
}
