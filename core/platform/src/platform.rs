//! What an operating system has to provide.

use std::path::PathBuf;

use vmkit_types::{HostNetwork, Reading};

use crate::{Invoker, Process, SurveyTexts};

/// What vmkit reads from the computer it runs on.
pub trait Platform {
    /// `linux` or `macos`.
    fn name(&self) -> &'static str;

    /// The current interfaces with addresses of both families, and the IPv4 routes.
    fn network(&self) -> Reading<HostNetwork>;

    /// One process with its start time. `Absent`: no process has this number. `Unknown`: the system
    /// hides it from this user.
    fn process(&self, pid: u32) -> Reading<Process>;

    /// All processes without their start times, which would take as long again. `Unknown`: the
    /// system shows only some, so none can be called absent.
    fn processes(&self) -> Reading<Vec<Process>>;

    /// The resolved working directory of a process. `Unknown` for other users' processes.
    fn working_directory(&self, pid: u32) -> Reading<PathBuf>;

    /// The output of the system's tools about bridges, the firewall and DHCP servers. Takes as long
    /// as the slowest tool, a second at most.
    fn survey(&self) -> SurveyTexts;

    /// The invoking user and their rights.
    fn invoker(&self) -> Invoker;
}
