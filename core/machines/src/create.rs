//! Creates a machine from an image.

use std::path::Path;

use crate::{
    architecture,
    base::base_name,
    cloud_init::Guest,
    data_directory::{DataDirectory, check_name},
    entry::NewEntry,
    error::MachineError,
    guest::{InvalidUserName, UserName, hostname_of},
    guest_files::{self, new_instance_id},
    image::{Image, ImageError},
    making::Build,
    new_machine::NewMachine,
    size::Size,
    stored::StoredMachine,
    tools::DiskTools,
};

/// A file for the first sectors of a disk, while they are looked at.
const START: &str = "start";

/// Largest file of first sectors that is read, in bytes.
const START_LIMIT: u64 = 64 * 1024;

impl DataDirectory {
    /// Creates a machine: a disk based on its own copy of the image, and a seed for its guest.
    ///
    /// # Errors
    /// The name, its directory or the MAC is taken or invalid; the image is missing or must not be used; no
    /// space is left. Nothing is left then.
    pub fn create(
        &self,
        wanted: &NewMachine,
        tools: &DiskTools,
    ) -> Result<StoredMachine, MachineError> {
        check_name(&wanted.name)?;
        if let Some(mac) = wanted.mac.filter(|mac| !mac.is_of_one_card()) {
            return Err(MachineError::InvalidMac(mac));
        }
        let image = Image::at(&wanted.image)?;
        let size = wanted.disk_size.unwrap_or(image.size);
        check_size(&wanted.image, &image, size)?;
        check_architecture(&wanted.image, image.architecture)?;
        let held = self.hold(&wanted.name)?;
        self.make(&held, |build| {
            let mac = self.choose_mac(build.name, wanted.mac)?;
            self.keep_base(build, &wanted.image)?;
            lay_out_disk(build, wanted, &image, size, tools)?;
            let usual = usual_user(image.system.version)?;
            let user = wanted.username.as_ref().unwrap_or(&usual);
            let (hostname, instance_id) = (hostname_of(build.name), new_instance_id(build.name));
            guest_files::write(
                build,
                &Guest {
                    hostname: &hostname,
                    instance_id: &instance_id,
                    user: Some(user),
                    keys: &wanted.ssh_keys,
                    locks_password: true,
                    mac,
                    ssh: image.system.ssh,
                    is_clone: false,
                },
            )?;
            Ok(NewEntry {
                hostname,
                username: Some(user.to_string()),
                disk_size: Some(size),
                memory_mb: wanted.memory_mb,
                vcpus: wanted.vcpus,
                os_version: image.system.version.map(str::to_owned),
                architecture: std::env::consts::ARCH.to_owned(),
                mac,
                instance_id: Some(instance_id),
                network: wanted.network.clone(),
                disk: None,
            })
        })
    }
}

/// Makes the disk on the machine's own copy of the image, which is what was looked at before.
fn lay_out_disk(
    build: &Build<'_>,
    wanted: &NewMachine,
    image: &Image,
    size: Size,
    tools: &DiskTools,
) -> Result<(), MachineError> {
    let base = base_name(build.name);
    let path = |name: &str| build.directory.path().join(name);
    let failed = |error| MachineError::file("read", path(&base), error);
    let copy = build.directory.open_file(&base).map_err(failed)?;
    let mut copy = copy.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let name = wanted.image.file_name().unwrap_or_default().to_string_lossy();
    if Image::of(&mut copy, &wanted.image, &name)? != *image {
        let why = "was changed while it was copied".to_owned();
        return Err(MachineError::Unusable { path: wanted.image.clone(), why });
    }
    if image.architecture.is_none() {
        build.steps.step("copy the first sectors");
        let count = architecture::SECTORS;
        tools.copy_start(&path(&base), image.format, count, &path(START))?;
        let start = build.directory.read(START, START_LIMIT).map_err(failed)?;
        build.steps.step("remove the first sectors");
        build.directory.remove(START).map_err(failed)?;
        let found = architecture::of_partitions(&start.unwrap_or_default());
        check_architecture(&wanted.image, found)?;
    }
    build.steps.step("make the disk");
    let disk = path(&format!("{}.qcow2", build.name));
    Ok(tools.create_overlay(&disk, &base, image.format, size)?)
}

fn check_size(path: &Path, image: &Image, wanted: Size) -> Result<(), ImageError> {
    if wanted >= image.size {
        return Ok(());
    }
    Err(ImageError::TooSmall { path: path.to_owned(), wanted, needed: image.size })
}

/// Checks that the image is for the processor of this computer, as far as it is known.
fn check_architecture(path: &Path, found: Option<&'static str>) -> Result<(), ImageError> {
    match found {
        Some(found) if found != std::env::consts::ARCH => Err(ImageError::OtherArchitecture {
            path: path.to_owned(),
            found,
            wanted: std::env::consts::ARCH.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The user that images of a system usually have: its distribution's name.
fn usual_user(version: Option<&str>) -> Result<UserName, InvalidUserName> {
    let distribution = version.and_then(|version| version.split('-').next());
    distribution.unwrap_or("cloud").parse()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::trial;

    #[test]
    fn creates_what_the_toolkit_creates_and_keeps_it_when_the_image_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(&trial::location(folder.path())).unwrap();
        let image = trial::image(folder.path(), "debian-trixie.raw");
        let tools = DiskTools::find().unwrap();
        let web = data.create(&trial::wanted("web", &image), &tools).unwrap();
        fs::remove_file(&image).unwrap();
        assert_eq!(data.read("web").unwrap(), web);
        assert_eq!(web.seed, Some(web.directory.join("web-seed.iso")));
        let described = tools.describe(&web.disk, web.disk_format).unwrap();
        assert_eq!(described.backing_filename.as_deref(), Some("web-base.img"));
        assert_eq!(described.virtual_size, 5 << 20);
        let mut files: Vec<_> = fs::read_dir(&web.directory)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        files.sort();
        let expected = [
            "cloud-init",
            "web-base.img",
            "web-base.origin",
            "web-seed.iso",
            "web.mac",
            "web.qcow2",
        ];
        assert_eq!(files, expected);
        let registry = fs::read_to_string(folder.path().join(".vm-registry.json")).unwrap();
        let entry = &serde_json::from_str::<serde_json::Value>(&registry).unwrap()["vms"]["web"];
        let instance = fs::read_to_string(web.directory.join("cloud-init/instance-id")).unwrap();
        let times = [&entry["created"], &entry["updated"]];
        let expected = serde_json::json!({
            "name": "web", "directory": web.directory, "hostname": "web", "username": "debian",
            "disk_size": "5M", "memory_mb": 512, "vcpus": 1, "os_version": "debian-trixie",
            "architecture": std::env::consts::ARCH, "mac_address": "52:54:00:4b:5e:57",
            "instance_id": instance.trim(), "created": times[0], "updated": times[1],
        });
        assert_eq!(entry, &expected);
    }

    #[test]
    fn bad_input_is_one_clear_sentence_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(&trial::location(folder.path())).unwrap();
        let image = trial::image(folder.path(), "disk.raw");
        let foreign = trial::image(folder.path(), "disk-riscv64.raw");
        fs::write(folder.path().join("page.html"), "<html>").unwrap();
        let tools = DiskTools::find().unwrap();
        let good = trial::wanted("web", &image);
        let table = [
            (NewMachine { name: "../web".into(), ..good.clone() }, "no VM can be called `../web`"),
            (NewMachine { image: "none".into(), ..good.clone() }, "cannot read the image none"),
            (
                NewMachine { image: folder.path().join("page.html"), ..good.clone() },
                "is a page of HTML",
            ),
            (NewMachine { image: foreign, ..good.clone() }, "is for riscv64 and not for"),
            (
                NewMachine { disk_size: "1M".parse().ok(), ..good.clone() },
                "a disk of 1M cannot hold",
            ),
            (
                NewMachine { mac: "03:00:00:00:00:01".parse().ok(), ..good.clone() },
                "03:00:00:00:00:01 cannot be the MAC",
            ),
        ];
        for (wanted, expected) in table {
            let error = data.create(&wanted, &tools).unwrap_err().to_string();
            assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
            assert_eq!(fs::read_dir(folder.path().join("vms")).unwrap().count(), 0, "{error}");
        }
        assert!(!folder.path().join(".vm-registry.json").exists());
        data.create(&good, &tools).unwrap();
        let error = data.create(&good, &tools).unwrap_err();
        assert!(matches!(error, MachineError::NameTaken(_)), "{error}");
    }
}
