//! `vm import`.

use std::path::Path;

use vmkit_machines::{DiskTools, Importable, StoredMachine};
use vmkit_plugin_commands::{Ended, Failure, Front};
use vmkit_types::escaped;

use crate::{arguments::Import, hint::print, work::Work};

/// Takes over machines and disks. Where one cannot be taken over, why is printed, and the others go on.
pub(crate) fn import(wanted: &Import, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open(front, quiet)?;
    let mut found = Vec::new();
    for path in &wanted.paths {
        found.extend(Importable::at(path)?);
    }
    if found.len() > 1 && (wanted.new_name.is_some() || wanted.mac.is_some()) {
        let several = format!("--name and --mac are for one VM, and {} are there", found.len());
        return Err(Failure::new(several).with_hint("import that file alone").into());
    }
    let mut worst = Ended::Well;
    let single = found.len() == 1;
    for importable in found {
        match one(&importable, wanted, &work) {
            Ok(made) => {
                let (name, mac) = (&made.name, made.mac);
                let next = work.start_command(name);
                work.say(&format!("{name} is taken over, with the MAC {mac}. Next: {next}"));
            }
            Err(error) if single => return Err(error),
            Err(error) => {
                print(&escaped(&place(&importable).display().to_string()), &error);
                worst = Ended::Failed;
            }
        }
    }
    Ok(worst)
}

fn one(importable: &Importable, wanted: &Import, work: &Work<'_>) -> anyhow::Result<StoredMachine> {
    match importable {
        Importable::Machine { directory, data_directory } => {
            if wanted.new_name.is_some() || wanted.mac.is_some() {
                let keeps = Failure::new("a machine with a directory keeps its name and its MAC");
                return Err(keeps.with_hint("run the command without --name and --mac").into());
            }
            Ok(work.data.import_machine(directory, data_directory.as_deref())?)
        }
        Importable::Disk(file) => {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let name = wanted.new_name.clone().or(stem).unwrap_or_default();
            Ok(work.data.import_disk(file, &name, wanted.mac, &DiskTools::find()?)?)
        }
    }
}

fn place(importable: &Importable) -> &Path {
    match importable {
        Importable::Machine { directory, .. } => directory,
        Importable::Disk(file) => file,
    }
}
