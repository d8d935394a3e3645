//! Writes disks that BIOS boots: a boot record, a FAT partition with the kernel, and room for a system.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, command::run, error::file_error, requirements::BOOT_RECORD};

const SECTOR: u64 = 512;
const SECTORS_PER_MIB: u32 = 2048;
/// Where the first partition begins. The boot record is before it.
const START: u32 = SECTORS_PER_MIB;
/// What the boot record's program may take of the first sector; the table of partitions follows.
const PROGRAM: usize = 440;
const TABLE: u64 = 446;

/// What a disk boots.
#[derive(Debug)]
pub(super) struct Boot<'a> {
    pub(super) kernel: &'a Path,
    pub(super) initramfs: &'a Path,
    /// The kernel's command line.
    pub(super) words: &'a str,
    /// The size of its partition, which FAT16 can hold.
    pub(super) size_mib: u32,
}

/// An entry of the table of partitions.
struct Partition {
    active: bool,
    kind: u8,
    first: u32,
    sectors: u32,
}

impl Partition {
    /// FAT16, found by sector numbers.
    const FAT: u8 = 0x0e;
    const LINUX: u8 = 0x83;
    /// Stands for a place that cylinders, heads and sectors cannot tell.
    const BEYOND: [u8; 3] = [0xfe, 0xff, 0xff];

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![if self.active { 0x80 } else { 0 }];
        bytes.extend(Self::BEYOND);
        bytes.push(self.kind);
        bytes.extend(Self::BEYOND);
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.sectors.to_le_bytes());
        bytes
    }
}

/// Writes a raw disk into the folder. It has room of this many MiB for a second partition, if any.
/// Returns the disk, and where that room begins in bytes.
pub(super) fn write(
    folder: &Path,
    boot: &Boot<'_>,
    room_mib: Option<u32>,
) -> Result<(PathBuf, u64), LabError> {
    let boot_sectors = boot.size_mib * SECTORS_PER_MIB;
    let room = START + boot_sectors;
    let mut partitions =
        vec![Partition { active: true, kind: Partition::FAT, first: START, sectors: boot_sectors }];
    if let Some(mib) = room_mib {
        let sectors = mib * SECTORS_PER_MIB;
        let kind = Partition::LINUX;
        partitions.push(Partition { active: false, kind, first: room, sectors });
    }
    let disk = folder.join("disk.raw");
    let package = BOOT_RECORD.debian;
    let missing = || LabError::Missing(format!("a boot record of Debian's package {package}"));
    let record = BOOT_RECORD.find().ok_or_else(missing)?;
    let record = fs::read(&record).map_err(file_error("read", &record))?;
    first_sector(&disk, record, &partitions).map_err(file_error("write", &disk))?;
    fill(&disk, folder, boot, boot_sectors)?;
    Ok((disk, u64::from(room) * SECTOR))
}

/// Writes the first sector of a sparse disk.
fn first_sector(disk: &Path, mut record: Vec<u8>, partitions: &[Partition]) -> std::io::Result<()> {
    record.resize(PROGRAM, 0);
    let end = partitions.iter().map(|partition| partition.first + partition.sectors).max();
    let mut file = File::create(disk)?;
    file.set_len(u64::from(end.unwrap_or(START)) * SECTOR)?;
    file.write_all(&record)?;
    file.seek(SeekFrom::Start(TABLE))?;
    for partition in partitions {
        file.write_all(&partition.to_bytes())?;
    }
    file.seek(SeekFrom::Start(SECTOR - 2))?;
    file.write_all(&[0x55, 0xaa])
}

/// Makes the boot partition with its loader and files.
fn fill(disk: &Path, folder: &Path, boot: &Boot<'_>, sectors: u32) -> Result<(), LabError> {
    let config = folder.join("syslinux.cfg");
    let text = format!(
        "DEFAULT lab\nPROMPT 0\nLABEL lab\nLINUX vmlinuz\nINITRD initrd\nAPPEND {}\n",
        boot.words
    );
    fs::write(&config, text).map_err(file_error("write", &config))?;
    let start = u64::from(START) * SECTOR;
    let place = format!("{}@@{start}", disk.display());
    let mut format = Command::new("mformat");
    format.args(["-i", &place, "-T", &sectors.to_string(), "-h", "16", "-s", "63"]);
    run(format.args(["-H", &START.to_string(), "-v", "BOOT", "::"]))?;
    let files = [(boot.kernel, "vmlinuz"), (boot.initramfs, "initrd"), (&config, "syslinux.cfg")];
    for (file, name) in files {
        run(Command::new("mcopy").args(["-i", &place]).arg(file).arg(format!("::{name}")))?;
    }
    let mut install = Command::new("syslinux");
    run(install.args(["--install", "--offset", &start.to_string()]).arg(disk))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Partition;

    #[test]
    fn an_entry_is_what_fdisk_reads() {
        let entry =
            Partition { active: true, kind: Partition::FAT, first: 2048, sectors: 0x0001_0203 };
        let expected =
            [0x80, 0xfe, 0xff, 0xff, 0x0e, 0xfe, 0xff, 0xff, 0, 8, 0, 0, 0x03, 0x02, 0x01, 0x00];
        assert_eq!(entry.to_bytes(), expected);
    }
}
