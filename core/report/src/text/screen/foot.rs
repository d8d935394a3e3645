//! What was not checked and not done, in a line each.

use vmkit_model::PluginStatus;

use super::vm::Canvas;
use crate::{Doctor, clean::shown, text::checked::unchecked_sources};

/// Most sources that are named.
const MOST_NAMED: usize = 3;
/// Most omissions that are named.
const MOST_OMISSIONS: usize = 1;

/// The lines below the machines, without the verdict.
pub(super) fn foot(doctor: &Doctor<'_>, canvas: Canvas) -> Vec<String> {
    let mut lines = not_checked(doctor, canvas);
    for omission in doctor.omissions.iter().take(MOST_OMISSIONS) {
        let rest = omission.command.as_deref().unwrap_or(&omission.why);
        let text = format!("{}: {}", shown(&omission.what), shown(rest));
        lines.extend(canvas.text("Not done: ", "  ", &text));
    }
    let asked = doctor.plugins.iter().filter(|plugin| plugin.status != PluginStatus::Skipped);
    let (answered, all) = asked.fold((0, 0), |(answered, all), plugin| {
        (answered + usize::from(plugin.status == PluginStatus::Ok), all + 1)
    });
    if answered < all {
        lines.push(format!("Plugins: {answered} of {all} answered; --explain says why"));
    }
    lines
}

/// The sources that were not looked at for a machine with a problem; where there is none, for any.
fn not_checked(doctor: &Doctor<'_>, canvas: Canvas) -> Vec<String> {
    let ill = doctor.vms.iter().filter(|vm| !vm.diagnosis.healthy).collect::<Vec<_>>();
    let looked_at = doctor.vms.iter().filter(|vm| !vm.at_rest);
    let vms = if ill.is_empty() { looked_at.collect() } else { ill };
    let mut sources: Vec<(&str, bool)> = Vec::new();
    for source in vms.into_iter().flat_map(|vm| unchecked_sources(doctor, vm)) {
        if !sources.iter().any(|known| known.0 == source.0) {
            sources.push(source);
        }
    }
    if sources.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<&str> = sources.iter().take(MOST_NAMED).map(|source| source.0).collect();
    let more = sources.len().saturating_sub(MOST_NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    names.extend(more.as_deref());
    let root = sources.iter().filter(|source| source.1).count();
    let root = match root {
        0 => String::new(),
        1 => " (1 needs root)".to_owned(),
        many => format!(" ({many} need root)"),
    };
    let text = format!("{}{root}; --explain shows all", names.join(", "));
    canvas.text("Not checked: ", "  ", &text)
}
