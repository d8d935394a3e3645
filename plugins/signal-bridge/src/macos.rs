//! macOS: the text of `ifconfig`, which the host runs.

use vmkit_plugin::{Cx, Result};

use crate::{
    ifconfig,
    table::{IFCONFIG, TEXT_LIMIT},
};

/// The tool with the options that show every list of every bridge.
const ALL: &str = "/sbin/ifconfig -a -v -v";
/// Most bridges that are asked for one by one, where a release leaves their lists out of the whole text.
const MOST_BRIDGES: usize = 8;

/// The name of the artefact and its text.
pub(crate) fn text(cx: &Cx<'_>) -> Result<(&'static str, String)> {
    let mut text = tool(cx, ALL)?;
    for bridge in ifconfig::parse(&text).without_macs.iter().take(MOST_BRIDGES) {
        text.push('\n');
        text.push_str(&tool(cx, &format!("/sbin/ifconfig {bridge}"))?);
    }
    Ok((IFCONFIG, text))
}

fn tool(cx: &Cx<'_>, line: &str) -> Result<String> {
    let bytes = cx.tool(line, TEXT_LIMIT)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
