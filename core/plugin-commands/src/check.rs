//! `vm plugin check`.

use std::path::Path;

use vmkit_authoring::{Judgement, Outcome, check as try_rules, without_manifest};
use vmkit_host::{Plugin, Refusal, examine};
use vmkit_report::{CheckedRule, PluginCheck, Standing};
use vmkit_types::escaped;

use crate::{Ended, Front, answer, note, trust::may_run_now};

/// Tries the plugin out and shows how it stands to the rules.
pub(crate) fn check(
    file: &Path,
    yes: bool,
    json: bool,
    front: &Front<'_>,
) -> anyhow::Result<Ended> {
    let installation = &front.settings.installation;
    let check = match examine(file, installation) {
        Ok(plugin) => {
            if !may_run_now(&plugin, yes, front)? {
                note("It was not run.\n");
                return Ok(Ended::WithFindings);
            }
            let configured = front.settings.plugin_configuration(&plugin.manifest.id)?;
            of_plugin(&plugin, try_rules(&plugin, front.trial_place(), &configured))
        }
        Err(why @ (Refusal::Manifest(_) | Refusal::NoManifest { .. })) => {
            of_file(file, without_manifest(escaped(&why.in_full())))
        }
        Err(refusal) => return Err(front.settings.refused(file, &refusal).into()),
    };
    answer(|out| if json { check.write_json(out) } else { check.write_text(out, front.terminal) })?;
    Ok(if check.broken() == 0 { Ended::Well } else { Ended::WithFindings })
}

fn of_plugin(plugin: &Plugin, judgements: Vec<Judgement>) -> PluginCheck {
    PluginCheck {
        id: plugin.manifest.id.clone(),
        version: Some(plugin.manifest.version.clone()),
        path: plugin.path.clone(),
        sha256: Some(plugin.sha256.to_string()),
        rules: judgements.into_iter().map(rule).collect(),
    }
}

fn of_file(file: &Path, judgements: Vec<Judgement>) -> PluginCheck {
    PluginCheck {
        id: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        version: None,
        path: file.to_owned(),
        sha256: None,
        rules: judgements.into_iter().map(rule).collect(),
    }
}

fn rule(judgement: Judgement) -> CheckedRule {
    let standing = match judgement.outcome {
        Outcome::Kept => Standing::Kept,
        Outcome::Broken(how) => Standing::Broken(how),
        Outcome::NotChecked(why) => Standing::NotChecked(why),
    };
    let Judgement { id, says, change, .. } = judgement;
    CheckedRule { id, says, change, standing }
}
