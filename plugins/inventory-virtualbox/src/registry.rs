//! `VirtualBox.xml`: the machines that the user has registered.

use vmkit_formats::xml;
use vmkit_listing::{ManagerFile, absolute, folder};
use vmkit_plugin::Unread;

/// Most machines that are read.
const MOST_MACHINES: usize = 1024;

/// A registered machine.
pub(crate) struct Entry {
    /// Its UUID in small letters, without braces.
    pub(crate) uuid: String,
    /// The path of its `.vbox` file.
    pub(crate) path: String,
}

/// The registered machines, in the registry's order.
pub(crate) fn entries(file: &ManagerFile) -> Result<Vec<Entry>, Unread> {
    let root = xml::parse(&file.bytes).map_err(|error| file.malformed(error))?;
    if root.name() != "VirtualBox" {
        return Err(file.malformed("it is not a file of VirtualBox"));
    }
    let entries = root.all("Global/MachineRegistry/MachineEntry");
    let entry = |entry: &xml::Element| {
        let uuid = plain_uuid(entry.attribute("uuid")?);
        let path = absolute(folder(&file.path), entry.attribute("src")?);
        Some(Entry { uuid, path })
    };
    Ok(entries.into_iter().take(MOST_MACHINES).filter_map(entry).collect())
}

/// The UUID in small letters, without braces.
pub(crate) fn plain_uuid(text: &str) -> String {
    text.trim().trim_matches(['{', '}']).to_ascii_lowercase()
}
