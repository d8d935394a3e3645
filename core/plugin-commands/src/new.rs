//! `vm plugin new`.

use vmkit_authoring::{Name, Project, Sdk, place_of};
use vmkit_report::NewProject;

use crate::{Ended, Front, answer, arguments::New};

/// Writes the project and says how to go on.
pub(crate) fn new(wanted: &New, front: &Front<'_>) -> anyhow::Result<Ended> {
    let name: Name = wanted.name.parse()?;
    let sdk = match &wanted.sdk {
        Some(path) => Sdk::at(path)?,
        None => Sdk::of_this_build(front.settings.invoker.uid),
    };
    let (kind, language) = (wanted.kind.into(), wanted.lang.into());
    let project = Project { name, kind, language, sdk };
    let directory = place_of(&project, wanted.path.as_deref());
    let files = project.write(&directory)?;
    let next = project.next_steps(&directory);
    let made = NewProject { directory, files, next };
    answer(|out| made.write_text(out))?;
    Ok(Ended::Well)
}
