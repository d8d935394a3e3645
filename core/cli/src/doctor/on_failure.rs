//! `--save-on-failure` of other commands: what the doctor sees right after one of them has failed.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use vmkit_diagnose::Catalogue;

use super::{examine, saved_in, terminal::Terminal};
use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Where to save what is seen if a command fails.
pub(crate) struct OnFailure<'a> {
    path: &'a Path,
    names: &'a [String],
}

impl<'a> OnFailure<'a> {
    /// Saves at this path, with these machines; none: all.
    ///
    /// # Errors
    /// Something is at this path already, so that nothing could be saved there later.
    pub(crate) fn at(path: &'a Path, names: &'a [String]) -> anyhow::Result<Self> {
        let is_free = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_free {
            return Ok(Self { path, names });
        }
        let exists = format!("`{}` exists, and is no empty directory", path.display());
        Err(Failure::new(exists).with_hint("name a new place after --save-on-failure").into())
    }

    /// Saves a snapshot if the command has failed, and says where it is. That it cannot be saved is said and
    /// changes nothing about the end of the command.
    pub(crate) fn follow(self, exit: Exit, context: &Context) {
        if !exit.is_failure() {
            return;
        }
        match self.save(context) {
            Ok(()) => output::note(&saved_in(self.path)),
            Err(error) => output::failure(&error, None),
        }
    }

    fn save(&self, context: &Context) -> anyhow::Result<()> {
        let catalogue = Catalogue::builtin()?.with_commands(arguments::has_command);
        let (names, save) = (self.names.to_vec(), Some(self.path.to_owned()));
        let wanted = arguments::Doctor { names, save, ..arguments::Doctor::default() };
        // The command that failed was about something else.
        let mut person = Terminal::without_questions(context.quiet)?;
        let examined = examine(&wanted, context, &catalogue, &mut person);
        let cannot = || format!("cannot save what was seen in {}", self.path.display());
        examined.map(drop).with_context(cannot)
    }
}
