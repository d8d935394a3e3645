//! Where the commands look that a run shows.

use std::path::Path;

use vmkit_inventory::Source;
use vmkit_model::CommandPlace;

use crate::Settings;

/// Where sudo on Linux usually looks for programs, whatever its caller's path is.
const PATH_OF_SUDO: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

impl Settings {
    /// Where commands look that this run shows: at the snapshot, where it looks at one, or else at its data
    /// directory. Commands name no path that is not UTF-8.
    pub fn command_place(&self, record: Option<&Path>) -> CommandPlace {
        let location = self.location().ok().map(|(location, _)| location);
        let named = location.filter(|it| matches!(it.source, Source::Flag | Source::Environment));
        let absolute = |path: &Path| text(&std::path::absolute(path).ok()?);
        CommandPlace {
            path_for_sudo: self.path_for_sudo(),
            only_sudo_loses_it: named.as_ref().is_some_and(|it| it.source == Source::Environment),
            data_dir: named.and_then(|location| absolute(&location.data_directory)),
            config: self.config_file.as_deref().and_then(absolute),
            record: record.and_then(text),
        }
    }

    /// `None`: sudo finds the program by its name.
    fn path_for_sudo(&self) -> Option<String> {
        let program = &self.installation.program;
        let found = PATH_OF_SUDO.iter().any(|folder| program.parent() == Some(Path::new(folder)));
        text(program).filter(|_| cfg!(target_os = "linux") && !found)
    }
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}
