//! Machines and the library.

use vmkit_listing::{ManagerFile, absolute, folder, plain_name, stem};
use vmkit_plugin::{ListedMachine, Reading, Unread};

use crate::{cards::cards, places::Places, settings::Settings};

/// The machine of a `.vmx` file, without its process.
pub(crate) fn machine(file: &ManagerFile, places: &Places) -> Result<ListedMachine, Unread> {
    let settings = Settings::read(file)?;
    let name = settings.get("displayname").unwrap_or_default();
    let mut machine = ListedMachine::new(file.path.as_str(), plain_name(name, stem(&file.path)));
    machine.cards = match cards(&settings, &file.path, places) {
        Ok(cards) => Reading::Known(cards),
        Err(why) => Reading::Unknown(why),
    };
    let folder = folder(&file.path);
    let is_disk = |device: &str, value: &str| {
        ["scsi", "sata", "ide", "nvme"].iter().any(|bus| device.starts_with(bus))
            && value.to_ascii_lowercase().ends_with(".vmdk")
    };
    machine.disks = Reading::Known(settings.files(folder, ".filename", is_disk));
    let is_log = |device: &str, _: &str| {
        let setting = |name: &str| settings.get(&format!("{device}.{name}"));
        let is_on = |name: &str, unsaid: bool| {
            setting(name).map_or(unsaid, |value| value.eq_ignore_ascii_case("true"))
        };
        device.starts_with("serial")
            && setting("filetype") == Some("file")
            && is_on("present", false)
            && is_on("startconnected", true)
    };
    let console = settings.files(folder, ".filename", is_log).into_iter().next();
    machine.console = console.map_or(Reading::Absent, Reading::Known);
    machine.ssh = Reading::Absent;
    Ok(machine)
}

/// The paths of the machines in a library, each once.
pub(crate) fn library(file: &ManagerFile) -> Result<Vec<String>, Unread> {
    let settings = Settings::read(file)?;
    let mut paths: Vec<String> = settings
        .iter()
        .filter(|(key, value)| {
            let is_machine = key.starts_with("vmlist") && key.ends_with(".config");
            is_machine && value.starts_with('/') && value.to_ascii_lowercase().ends_with(".vmx")
        })
        .map(|(_, value)| absolute("", value))
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}
