//! Disks of a `.vbox` file.

use std::collections::HashMap;

use vmkit_formats::xml::Element;
use vmkit_listing::absolute;

use crate::registry::plain_uuid;

/// Most disks of a machine that are read.
const MOST_DISKS: usize = 64;

/// Where controllers of disks are: since settings of version 1.18, and before.
const CONTROLLERS: [&str; 2] = [
    "Hardware/StorageControllers/StorageController/AttachedDevice",
    "StorageControllers/StorageController/AttachedDevice",
];

/// The files of the hard disks that are attached now, which may be the differences since a snapshot.
pub(crate) fn disks(machine: &Element, folder: &str) -> Vec<String> {
    let mut files = HashMap::new();
    let mut media = machine.all("MediaRegistry/HardDisks/HardDisk");
    while let Some(medium) = media.pop() {
        if let (Some(uuid), Some(location)) =
            (medium.attribute("uuid"), medium.attribute("location"))
        {
            files.insert(plain_uuid(uuid), location);
        }
        media.extend(medium.children("HardDisk"));
    }
    let attached = CONTROLLERS.iter().flat_map(|path| machine.all(path));
    attached
        .filter(|device| device.attribute("type") == Some("HardDisk"))
        .filter_map(|device| files.get(&plain_uuid(device.child("Image")?.attribute("uuid")?)))
        .take(MOST_DISKS)
        .map(|location| absolute(folder, location))
        .collect()
}
