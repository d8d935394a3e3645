//! Clones a machine.
//!
//! A clone has a disk of its own, which is based on an image of its own, so that neither machine needs the
//! other. Its guest is a new instance to cloud-init, which gives it a name, host keys and a machine-id.

use std::{fs::File, io, path::Path};

use vmkit_files::{Directory, EntryStatus};
use vmkit_inventory::RegistryEntry;
use vmkit_types::Reading;

use crate::{
    base::base_name,
    chain::{Base, base_of},
    cloud_init::Guest,
    copying::copy,
    data_directory::{DataDirectory, check_name},
    entry::NewEntry,
    error::MachineError,
    former_guest::FormerGuest,
    guest::{System, UserName, hostname_of},
    guest_files::{self, new_instance_id},
    lock::Held,
    making::Build,
    stored::{DiskFormat, StoredMachine},
    tools::DiskTools,
};

/// What the source of a clone does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceState {
    /// No QEMU has its disk.
    Stopped,
    /// Its QEMU stands still and has written all that the guest has flushed. The guest has not shut down, so
    /// that its file systems are as after a power failure.
    Paused,
}

/// The disk that is cloned.
struct Source {
    machine: StoredMachine,
    above: Directory,
    file: String,
    base: Option<Base>,
}

impl DataDirectory {
    /// Clones the machine that is held. Its disk is only read.
    ///
    /// # Errors
    /// The new name is taken or invalid; the source's disk is in use or is changed meanwhile, or more is
    /// needed to read it than one image; no space is left. Nothing is left then.
    pub fn duplicate(
        &self,
        source: &Held,
        new_name: &str,
        state: SourceState,
        tools: &DiskTools,
    ) -> Result<StoredMachine, MachineError> {
        check_name(new_name)?;
        self.settle(source)?;
        self.check_free(new_name)?;
        let machine = self.read(source.name())?;
        let source = Source::of(machine)?;
        if state == SourceState::Stopped {
            // Fails while a program writes to it.
            tools.describe(&source.machine.disk, source.machine.disk_format)?;
        }
        let directory = Directory::open(&source.machine.directory);
        let directory = directory
            .map_err(|error| MachineError::file("open", &source.machine.directory, error))?;
        let former = FormerGuest::read(&directory)?;
        let registry = self.registry()?;
        let entry = registry.entry(&source.machine.name);
        let held = self.hold(new_name)?;
        self.make(&held, |build| {
            self.copy_disk(build, &source, state, tools)?;
            self.describe_clone(build, &source.machine, entry, &former)
        })
    }

    fn copy_disk(
        &self,
        build: &Build<'_>,
        source: &Source,
        state: SourceState,
        tools: &DiskTools,
    ) -> Result<(), MachineError> {
        if let Some(base) = &source.base {
            self.keep_second_base(build, base)?;
        }
        let format = source.machine.disk_format;
        let name = disk_name(build.name, format);
        let path = build.directory.path().join(&name);
        build.steps.step("copy the disk");
        let mut new = build
            .directory
            .create(&name)
            .map_err(|error| MachineError::file("write", &path, error))?;
        let (mut old, before) = source.open()?;
        copy(&mut old, &mut new, &source.machine.disk, &path)?;
        if source.open()?.1 != before {
            let why = "was changed while it was copied".to_owned();
            return Err(MachineError::Unusable { path: source.machine.disk.clone(), why });
        }
        if let Some(base) = &source.base {
            build.steps.step("base the copy on its own image");
            tools.change_base(&path, &base_name(build.name), base.format)?;
        }
        if state == SourceState::Paused {
            tools.check(&path, format)?;
        }
        Ok(())
    }

    /// Writes what the clone's guest reads, and returns the clone's entry.
    fn describe_clone(
        &self,
        build: &Build<'_>,
        source: &StoredMachine,
        entry: Option<&RegistryEntry>,
        former: &FormerGuest,
    ) -> Result<NewEntry, MachineError> {
        let mac = self.choose_mac(build.name, None)?;
        let (hostname, instance_id) = (hostname_of(build.name), new_instance_id(build.name));
        let username = text(entry.map(|entry| &entry.username));
        let user: Option<UserName> = username.as_deref().and_then(|name| name.parse().ok());
        let os_version = text(entry.map(|entry| &entry.os_version));
        let system = os_version.as_deref().map(System::of_version);
        guest_files::write(
            build,
            &Guest {
                hostname: &hostname,
                instance_id: &instance_id,
                user: user.as_ref(),
                keys: &former.keys,
                locks_password: former.locks_password,
                mac,
                ssh: system.and_then(|system| system.ssh),
                is_clone: true,
            },
        )?;
        let format = source.disk_format;
        let disk = build.final_directory.join(disk_name(build.name, format));
        Ok(NewEntry {
            hostname,
            username,
            disk_size: text(entry.map(|entry| &entry.disk_size)).and_then(|size| size.parse().ok()),
            memory_mb: source.memory_mb,
            vcpus: source.vcpus,
            os_version,
            architecture: source.architecture.clone(),
            mac,
            instance_id: Some(instance_id),
            network: source.network.clone(),
            disk: (format == DiskFormat::Raw).then_some((disk, format)),
        })
    }
}

impl Source {
    fn of(machine: StoredMachine) -> Result<Self, MachineError> {
        let failed = |error: io::Error| MachineError::file("open", &machine.disk, error);
        let above = machine.disk.parent().unwrap_or(Path::new("/"));
        let above = Directory::open(above).map_err(failed)?;
        let file = machine.disk.file_name().and_then(|name| name.to_str());
        let file = file.ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?.to_owned();
        let base = base_of(&above, &file, machine.disk_format)?;
        Ok(Self { machine, above, file, base })
    }

    fn open(&self) -> Result<(File, EntryStatus), MachineError> {
        let failed = |error: io::Error| MachineError::file("read", &self.machine.disk, error);
        let file = self.above.open_file(&self.file).map_err(failed)?;
        let file = file.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let status = EntryStatus::of(&file).map_err(failed)?;
        Ok((file, status))
    }
}

fn disk_name(machine: &str, format: DiskFormat) -> String {
    match format {
        DiskFormat::Qcow2 => format!("{machine}.qcow2"),
        DiskFormat::Raw => format!("{machine}.img"),
    }
}

fn text(reading: Option<&Reading<String>>) -> Option<String> {
    reading.and_then(|reading| reading.as_ref().known().cloned())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{BufRead as _, BufReader, Write as _},
        process::{Command, Stdio},
    };

    use super::*;
    use crate::{ToolError, trial};

    /// Has QEMU's tool do this to a disk.
    fn disk_command(disk: &Path, command: &str) -> String {
        let output = Command::new("qemu-io").args(["-c", command]).arg(disk).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    fn assert_holds(disk: &Path, pattern: u8) {
        let said = disk_command(disk, &format!("read -P {pattern} 0 64k"));
        assert!(said.contains("read 65536/65536") && !said.contains("failed"), "{said}");
    }

    fn prepared(folder: &Path) -> (DataDirectory, DiskTools, StoredMachine) {
        let data = DataDirectory::open(&trial::location(folder)).unwrap();
        let image = trial::image(folder, "debian-trixie.raw");
        let tools = DiskTools::find().unwrap();
        let web = data.create(&trial::wanted("web", &image), &tools).unwrap();
        disk_command(&web.disk, "write -P 7 0 64k");
        (data, tools, web)
    }

    #[test]
    fn a_clone_has_an_identity_of_its_own_and_needs_its_source_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (data, tools, web) = prepared(folder.path());
        let held = data.hold("web").unwrap();
        let before = fs::read(&web.disk).unwrap();
        let copy = data.duplicate(&held, "copy", SourceState::Stopped, &tools).unwrap();
        assert_eq!(fs::read(&web.disk).unwrap(), before, "the source is only read");
        assert_ne!(copy.mac, web.mac);
        let read = |machine: &StoredMachine, name: &str| {
            fs::read_to_string(machine.directory.join("cloud-init").join(name)).unwrap()
        };
        assert_ne!(read(&copy, "instance-id"), read(&web, "instance-id"));
        let user_data = read(&copy, "user-data");
        for line in ["hostname: \"copy\"", "name: \"debian\"", "cloud-init-per", "ssh-ed25519"] {
            assert!(user_data.contains(line), "{user_data}");
        }
        assert!(read(&copy, "network-config").contains(&copy.mac.to_string()));
        let registry = data.registry().unwrap();
        let (one, other) = (registry.entry("web").unwrap(), registry.entry("copy").unwrap());
        assert_eq!(
            (&one.disk_size, &one.username, &one.os_version, &one.memory_mb),
            (&other.disk_size, &other.username, &other.os_version, &other.memory_mb)
        );
        // Neither sees what the other writes, and the clone outlives its source.
        disk_command(&web.disk, "write -P 8 0 64k");
        assert_holds(&copy.disk, 7);
        disk_command(&copy.disk, "write -P 9 0 64k");
        assert_holds(&web.disk, 8);
        data.destroy(&held).unwrap();
        assert_holds(&copy.disk, 9);
        tools.check(&copy.disk, copy.disk_format).unwrap();
        assert!(data.read("copy").is_ok());
    }

    #[test]
    fn a_disk_in_use_is_cloned_only_while_its_guest_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let (data, tools, web) = prepared(folder.path());
        let mut user = Command::new("qemu-io")
            .arg(&web.disk)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It has opened the disk when it answers.
        user.stdin.as_mut().unwrap().write_all(b"length\n").unwrap();
        let mut answer = String::new();
        BufReader::new(user.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
        let held = data.hold("web").unwrap();
        let error = data.duplicate(&held, "copy", SourceState::Stopped, &tools).unwrap_err();
        assert!(matches!(error, MachineError::Tool(ToolError::InUse { .. })), "{error}");
        assert!(!folder.path().join("vms/copy").exists());
        let copy = data.duplicate(&held, "copy", SourceState::Paused, &tools).unwrap();
        assert_holds(&copy.disk, 7);
        drop(user.stdin.take());
        user.wait().unwrap();
    }

    #[test]
    fn refuses_a_taken_name_and_a_hostile_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (data, tools, web) = prepared(folder.path());
        let held = data.hold("web").unwrap();
        let clone = |name: &str| data.duplicate(&held, name, SourceState::Stopped, &tools);
        assert!(matches!(clone("web"), Err(MachineError::NameTaken(_))));
        assert!(matches!(clone("../x"), Err(MachineError::InvalidName(_))));
        // A guest cannot write its disk's header, but the maker of the image could.
        let hostile =
            crate::qcow2::tests::with_base(crate::qcow2::tests::head(0, &[]), b"/etc/passwd");
        fs::write(&web.disk, hostile).unwrap();
        assert!(clone("copy").is_err());
        assert!(!folder.path().join("vms/copy").exists());
    }
}
