//! What the inventories of other managers cost: `vm status` of this tree, and of one without them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use vmkit_host::Pins;
use vmkit_lab::{Lab, Stage, run};

use crate::{
    measure::{Stopwatch, vm_line},
    table::{Limit, Row},
};

/// What they may add to a run, in ms.
const MOST: f64 = 25.0;
/// Runs for a steady median.
const RUNS: u32 = 50;
/// How the libraries of inventories begin.
const INVENTORIES: &str = "libinventory_";

/// A tree without inventories, beside the staged one; removed on drop.
pub(crate) struct Bare(PathBuf);

impl Bare {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let staged = Stage::find()?.prefix().to_owned();
        let mut name = staged.file_name().context("a tree without a name")?.to_owned();
        name.push("-bare");
        let bare = Self(staged.with_file_name(name));
        bare.remove();
        run(Command::new("cp").arg("-r").arg(&staged).arg(&bare.0))?;
        let library = bare.0.join("lib/vmkit");
        let mut names = vec!["vm-worker".to_owned(), "vm-broker".to_owned()];
        let mut removed = 0;
        for entry in fs::read_dir(library.join("plugins")).context("no plugins")? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(INVENTORIES) {
                fs::remove_file(&path).context("cannot remove a plugin")?;
                removed += 1;
            } else {
                names.push(format!("plugins/{name}"));
            }
        }
        ensure!(removed > 0, "the staged tree has no inventories");
        // As installing does; what was copied would be hashed at each run.
        let pins = Pins::of_files(&library, &names).context("cannot hash the tree")?;
        fs::write(library.join(Pins::FILE), pins.to_text()).context("cannot write the pins")?;
        Ok(bare)
    }

    fn remove(&self) {
        // Whatever is left is overwritten.
        fs::remove_dir_all(&self.0).ok();
    }

    /// What the inventories add to `vm status` as things are now.
    pub(crate) fn more(&self, lab: &Lab, what: &str) -> anyhow::Result<Row> {
        let with = vm_line(lab, &["status"]).replace("--manager vm-toolkit ", "");
        let staged = Stage::find()?.prefix().to_owned();
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a path is no text");
        let without = with.replace(&text(&staged)?, &text(&self.0)?);
        ensure!(without != with, "the command does not name the staged tree: {with}");
        let watch = Stopwatch::new(lab);
        // In turns, so that a computer that slows down meanwhile slows both.
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..3 {
            for (times, line) in times.iter_mut().zip([&without, &with]) {
                times.push(watch.command(RUNS, line, None)?.median_ms);
            }
        }
        let [without, with] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        Ok(Row {
            what: what.to_owned(),
            measured: with - without,
            asked: Some(Limit::AtMost(MOST)),
            unit: "ms",
            note: format!("{with:.1} in place of {without:.1}"),
        })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.remove();
    }
}
