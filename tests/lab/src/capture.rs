//! Records the frames of an interface.

use std::{fs, path::Path};

use crate::{LabError, Namespace, PATIENCE, Process, error::file_error, wait_until};

/// Records every frame on the interface into `NAME.pcap` in the folder until the process is dropped.
pub(crate) fn capture(
    namespace: &Namespace,
    interface: &str,
    folder: &Path,
) -> Result<Process, LabError> {
    let log = folder.join(format!("{interface}.tcpdump.log"));
    let mut command = namespace.command("tcpdump");
    // Writes each packet at once (-U), as root (-Z), who owns the folder.
    command.args(["-n", "-U", "-Z", "root", "-i", interface, "-w"]);
    command.arg(folder.join(format!("{interface}.pcap")));
    let process = Process::start(&mut command, &log)?;
    wait_until(PATIENCE, "tcpdump listening", || {
        let said = fs::read_to_string(&log).map_err(file_error("read", &log))?;
        Ok(said.contains("listening on"))
    })?;
    Ok(process)
}
