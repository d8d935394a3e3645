//! A fake BT Smart Hub 2: the lab's router serves its pages.

use std::{fs, path::Path};

use crate::{Lab, LabError, PATIENCE, Process, error::file_error, run, wait_until};

/// Pages of the hub, based on public captures with invented devices.
const PAGES: &str = "../../plugins/advice-bt-smart-hub-2/tests/pages";
const NAMES: [&str; 2] = ["cgi_owl.js", "cgi_basicMyDevice.js"];

/// Serves the hub's pages at the router while the process lives.
///
/// # Errors
/// The pages cannot be laid out, or the web server does not start.
pub fn serve_hub(lab: &Lab) -> Result<Process, LabError> {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES), lab.folder().join("www"));
    let cgi = to.join("cgi");
    fs::create_dir_all(&cgi).map_err(file_error("make", &cgi))?;
    for name in NAMES {
        fs::copy(from.join(name), cgi.join(name)).map_err(file_error("copy to", &cgi))?;
    }
    let mut command = lab.router_host().command("busybox");
    command.args(["httpd", "-f", "-p", "80", "-h"]).arg(to);
    let server = Process::start(&mut command, &lab.folder().join("httpd.out"))?;
    wait_until(PATIENCE, "a web server", || {
        let mut listening = lab.router_host().command("ss");
        let output = run(listening.args(["-Hltn", "sport = :80"]))?;
        Ok(!output.trim().is_empty())
    })?;
    Ok(server)
}
