//! The seed from which cloud-init configures a guest: a small disk with the label that its data source
//! `NoCloud` looks for.

use std::io::{self, Cursor, Write as _};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions, format_volume};

use crate::cloud_init::SeedTexts;

/// The label, padded as FAT has it. Guests before 2018 look for small letters alone.
const LABEL: [u8; 11] = *b"cidata     ";

/// Bytes of a sector. Those of a disk may be smaller; those of a CD-ROM, which some managers make of the
/// seed, must not be larger.
const SECTOR: u16 = 2048;

/// Room beside the texts: the tables, the directory, and the rest of each file's last sector.
const ROOM: u64 = 256 * 1024;

/// The number of the volume, which nothing looks at. A time would make two seeds of one guest differ.
const VOLUME_ID: u32 = 0x766d_6b74;

/// The image of a seed with these texts; the same for the same texts.
pub(crate) fn image(texts: &SeedTexts) -> io::Result<Vec<u8>> {
    let files = [
        ("user-data", &texts.user_data),
        ("meta-data", &texts.meta_data),
        ("network-config", &texts.network_config),
    ];
    let length: usize = files.iter().map(|(_, text)| text.len()).sum();
    let sectors = (length as u64 + ROOM).div_ceil(u64::from(SECTOR));
    let length = usize::try_from(sectors * u64::from(SECTOR)).map_err(io::Error::other)?;
    let mut disk = Cursor::new(vec![0; length]);
    let options = FormatVolumeOptions::new()
        .bytes_per_sector(SECTOR)
        .bytes_per_cluster(u32::from(SECTOR))
        .total_sectors(u32::try_from(sectors).map_err(io::Error::other)?)
        .fat_type(FatType::Fat12)
        .volume_id(VOLUME_ID)
        .volume_label(LABEL);
    format_volume(&mut disk, options)?;
    let volume = FileSystem::new(&mut disk, FsOptions::new())?;
    for (name, text) in files {
        let mut file = volume.root_dir().create_file(name)?;
        file.write_all(text.as_bytes())?;
        file.flush()?;
    }
    volume.unmount()?;
    Ok(disk.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// The text of a file of a seed that [`image`] made; `None`: it has none of this name within the bound.
    fn text(image: &[u8], name: &str, most: u64) -> Option<String> {
        let volume = FileSystem::new(Cursor::new(image.to_vec()), FsOptions::new()).ok()?;
        let mut bytes = Vec::new();
        volume.root_dir().open_file(name).ok()?.take(most + 1).read_to_end(&mut bytes).ok()?;
        if bytes.len() as u64 > most { None } else { String::from_utf8(bytes).ok() }
    }

    fn texts(length: usize) -> SeedTexts {
        SeedTexts {
            user_data: "#cloud-config\n".repeat(length),
            meta_data: "instance-id: \"iid-web-1\"\n".to_owned(),
            network_config: "version: 2\n".to_owned(),
        }
    }

    #[test]
    fn holds_the_texts_and_is_the_same_for_the_same_ones() {
        for length in [1, 1000, 100_000] {
            let texts = texts(length);
            let made = image(&texts).unwrap();
            assert_eq!(made, image(&texts).unwrap());
            let read = |name: &str| text(&made, name, 2 << 20).unwrap();
            assert_eq!(read("user-data"), texts.user_data);
            assert_eq!(read("meta-data"), texts.meta_data);
            assert_eq!(read("network-config"), texts.network_config);
            assert_eq!(text(&made, "user-data", 5), None);
            assert_eq!(text(&made, "vendor-data", 2 << 20), None);
            // The boot sector's label, and that of the root directory.
            assert_eq!(made[43..54], LABEL);
            assert_eq!(made.windows(12).filter(|it| it[..11] == LABEL && it[11] == 8).count(), 1);
        }
    }
}
