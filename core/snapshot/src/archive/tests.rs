//! What is packed is unpacked as it was, and anything else is refused.

use std::{fs, io::Cursor, path::Path};

use vmkit_files::Directory;

use super::{pack::pack, *};

const DOCUMENT: &str =
    r#"{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z","vms":[{"name":"web"}]}"#;

fn maker() -> Maker {
    Maker { vmkit: "1.2.3".to_owned(), system: Some("Linux".to_owned()), redacted: true }
}

/// A snapshot's directory with a few files.
fn snapshot() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("snapshot.json"), DOCUMENT).unwrap();
    fs::create_dir_all(place.path().join("host/deeper")).unwrap();
    fs::write(place.path().join("host/hosts"), "127.0.0.1 web\n".repeat(1000)).unwrap();
    fs::write(place.path().join("host/deeper/none"), "not packed").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.path().join("host/link")).unwrap();
    place
}

fn packed() -> Vec<u8> {
    let place = snapshot();
    let mut zip = Cursor::new(Vec::new());
    pack(&Directory::open(place.path()).unwrap(), &maker(), &mut zip).unwrap();
    zip.into_inner()
}

fn unpacked(zip: &[u8]) -> Result<Maker, String> {
    let to = Directory::temporary(Path::new("/here")).unwrap();
    unpack(Cursor::new(zip), &to).map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {}", source.unwrap_or_default())
    })
}

#[test]
fn a_snapshot_is_the_same_after_packing_and_unpacking() {
    let zip = packed();
    assert!(zip.len() < 3000, "it is compressed: {}", zip.len());
    let to = Directory::temporary(Path::new("/here")).unwrap();
    assert_eq!(unpack(Cursor::new(&zip), &to).unwrap(), maker());
    let names = to.names(10).unwrap().0;
    assert_eq!(names, ["host", "snapshot.json"]);
    let host = to.below("host").unwrap().unwrap();
    assert_eq!(host.names(10).unwrap().0, ["hosts"]);
    let hosts = host.read("hosts", 1 << 20).unwrap().unwrap();
    assert_eq!(hosts, "127.0.0.1 web\n".repeat(1000).as_bytes());
    assert_eq!(to.read("snapshot.json", 1 << 20).unwrap().unwrap(), DOCUMENT.as_bytes());
}

#[test]
fn a_zip_is_opened_like_its_directory() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("look.zip");
    fs::write(&path, packed()).unwrap();
    let record = crate::open(&path).unwrap();
    assert_eq!(record.inventory.machines[0].name, "web");
    assert!(record.read("host/hosts").unwrap().unwrap().starts_with(b"127"));
    assert_eq!(record.directory.path(), path);
    fs::write(&path, "no zip").unwrap();
    let error = crate::open(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot use {}", path.display()));
}

#[test]
fn a_path_that_ends_in_zip_becomes_a_file_that_its_owner_alone_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("look.ZIP");
    let target = Target::new(&path).unwrap();
    crate::put(target.unpacked().unwrap(), "snapshot.json", DOCUMENT.as_bytes()).unwrap();
    assert!(!path.exists());
    target.finish(&maker()).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(crate::open(&path).is_ok());
    assert!(Target::new(&path).is_err(), "nothing is overwritten");
    let plain = Target::new(&place.path().join("look")).unwrap();
    assert!(plain.unpacked().is_none());
    plain.finish(&maker()).unwrap();
    assert!(!place.path().join("look").exists());
}

/// A zip that stores its entries, field by field, to be falsified.
#[derive(Clone)]
struct Raw {
    name: Vec<u8>,
    /// The name in the header before the content, where it differs.
    other_name: Option<Vec<u8>>,
    content: Vec<u8>,
    flags: u16,
    method: u16,
    mode: u32,
    /// The unpacked size that is claimed.
    size: Option<u32>,
    /// The place of the content, where it is another entry's.
    start: Option<u32>,
    extra: Vec<u8>,
}

fn raw(name: &str, content: &[u8]) -> Raw {
    Raw {
        name: name.as_bytes().to_vec(),
        other_name: None,
        content: content.to_vec(),
        flags: 0,
        method: 0,
        mode: 0o100_600,
        size: None,
        start: None,
        extra: Vec::new(),
    }
}

fn put(out: &mut Vec<u8>, shorts: &[usize]) {
    for short in shorts {
        out.extend(u16::try_from(*short).unwrap().to_le_bytes());
    }
}

fn put_long(out: &mut Vec<u8>, longs: &[u32]) {
    for long in longs {
        out.extend(long.to_le_bytes());
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn zip_of(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = entry.start.unwrap_or(length(&out));
        let mut crc = flate2::Crc::new();
        crc.update(&entry.content);
        let sizes = [length(&entry.content), entry.size.unwrap_or(length(&entry.content))];
        let common = |out: &mut Vec<u8>, name: &[u8]| {
            put(out, &[20, entry.flags.into(), entry.method.into(), 0, 0x21]);
            put_long(out, &[crc.sum(), sizes[0], sizes[1]]);
            put(out, &[name.len(), entry.extra.len()]);
        };
        if entry.start.is_none() {
            let name = entry.other_name.as_ref().unwrap_or(&entry.name);
            out.extend(b"PK\x03\x04");
            common(&mut out, name);
            out.extend(name);
            out.extend(&entry.extra);
            out.extend(&entry.content);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        common(&mut directory, &entry.name);
        put(&mut directory, &[0, 0, 0]);
        put_long(&mut directory, &[entry.mode << 16, start]);
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let start = length(&out);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    put(&mut out, &[entries.len(), entries.len()]);
    put_long(&mut out, &[length(&directory), start]);
    put(&mut out, &[0]);
    out
}

/// A zip with a right manifest before these entries.
fn with_manifest(entries: &[Raw]) -> Vec<u8> {
    let contents = entries.iter().map(|entry| {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        (name, manifest::Content::of(&entry.content))
    });
    let manifest = manifest::Manifest::new(&maker(), contents.collect());
    let manifest = raw("manifest.json", &serde_json::to_vec(&manifest).unwrap());
    zip_of(&[&[manifest], entries].concat())
}

#[test]
fn a_zip_of_other_tools_is_accepted_if_it_is_plain() {
    assert_eq!(unpacked(&with_manifest(&[raw("host/hosts", b"text")])), Ok(maker()));
    assert_eq!(unpacked(&packed()), Ok(maker()));
}

#[test]
fn names_that_leave_the_directory_or_meet_are_refused() {
    let long = format!("a/{}", "b".repeat(600));
    let names: [&[&str]; 17] = [
        &["/etc/passwd"],
        &["../x"],
        &["host/../../x"],
        &["host/.."],
        &["."],
        &[""],
        &["host/"],
        &["a/b/c"],
        &["a//b"],
        &["C:x"],
        &["a\\b"],
        &["a\nb"],
        &["a\0b"],
        &[&long],
        &["host/hosts", "host/hosts"],
        &["host/Hosts", "host/hosts"],
        &["host", "host/hosts"],
    ];
    for names in names {
        let entries: Vec<Raw> = names.iter().map(|name| raw(name, b"text")).collect();
        let error = unpacked(&with_manifest(&entries)).expect_err(&names.join(", "));
        assert!(
            error.contains("is no name")
                || error.contains("two entries")
                || error.contains("a file and a folder"),
            "{names:?}: {error}"
        );
    }
}

#[test]
fn entries_that_are_more_than_plain_files_are_refused() {
    let plain = || raw("host/hosts", b"text");
    let rows = [
        (Raw { mode: 0o120_777, ..plain() }, "is a link"),
        (Raw { mode: 0o010_600, ..plain() }, "is a link"),
        (Raw { flags: 1, ..plain() }, "is encrypted"),
        (Raw { flags: 1 << 3, ..plain() }, "is encrypted or packed"),
        (Raw { method: 12, ..plain() }, "is encrypted or packed"),
        (Raw { extra: vec![1, 0, 0, 0], ..plain() }, "has an extension"),
        (Raw { size: Some(100 << 20), ..plain() }, "is too large"),
        (Raw { size: Some(u32::MAX), ..plain() }, "is too large"),
        (Raw { size: Some(2), ..plain() }, "is damaged"),
        (Raw { size: Some(5), ..plain() }, "is damaged"),
        (Raw { name: b"\xff".to_vec(), ..plain() }, "not UTF-8"),
    ];
    for (entry, expected) in rows {
        let error = unpacked(&with_manifest(&[entry])).expect_err(expected);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let first = raw("host/hosts", b"text");
    let second = Raw { start: Some(0), ..raw("host/bridge.json", b"text") };
    let error = unpacked(&with_manifest(&[first.clone(), second])).unwrap_err();
    assert!(error.contains("overlap") || error.contains("damaged"), "{error}");
    let other = Raw { other_name: Some(b"../../../x".to_vec()), ..first };
    let error = unpacked(&with_manifest(&[other]));
    // The name of the central directory counts; the other one is never used.
    assert!(error.is_ok() || error.is_err_and(|error| error.contains("no zip")));
}

#[test]
fn many_large_entries_are_refused_by_what_they_claim() {
    let bomb = |at: u32| Raw { size: Some(60 << 20), ..raw(&format!("host/{at}"), b"text") };
    let entries: Vec<Raw> = (0..5).map(bomb).collect();
    let error = unpacked(&with_manifest(&entries)).unwrap_err();
    assert!(error.contains("unpacked it is larger than 256 MiB"), "{error}");
    // Half a megabyte of zeros takes some 500 bytes; what it claims is less.
    let zeros = vec![0_u8; 1 << 19];
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut deflated, &zeros).unwrap();
    let packed = deflated.finish().unwrap();
    let liar = Raw { method: 8, size: Some(100), ..raw("host/hosts", &packed) };
    assert!(unpacked(&with_manifest(&[liar])).is_err());
}

#[test]
fn a_file_that_has_more_than_a_zip_is_refused() {
    let good = with_manifest(&[raw("host/hosts", b"text")]);
    let end = good.len() - 22;
    let with = |at: usize, bytes: &[u8]| {
        let mut zip = good.clone();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        zip
    };
    let rows: [(Vec<u8>, &str); 10] = [
        (Vec::new(), "too short"),
        (b"PK\x05\x06".to_vec(), "too short"),
        ([&good[..], b"\0"].concat(), "no plain record"),
        ([b"#!/bin/sh\n", &good[..]].concat(), "not at its end"),
        (with(end + 20, &[9, 0]), "no plain record"),
        (with(end + 10, &[9, 0]), "several parts"),
        (with(end + 4, &[1, 0]), "several parts"),
        // The values that refer to zip64.
        (with(end + 8, &[0xff; 4]), "more than 10000"),
        (with(end + 12, &[0xff; 8]), "several parts"),
        (with(end + 16, &[0; 4]), "not at its end"),
    ];
    for (zip, expected) in rows {
        let error = unpacked(&zip).expect_err(expected);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_zip_that_is_not_as_its_manifest_says_is_refused() {
    let hosts = || raw("host/hosts", b"text");
    let manifest = |text: &str| raw("manifest.json", text.as_bytes());
    let right = with_manifest(&[hosts()]);
    let mut other = right.clone();
    let place = other.windows(4).rposition(|it| it == b"text").unwrap();
    other[place] = b'T';
    let empty = r#"{"schema":"vmkit.snapshot-zip/1","vmkit":"1","system":null,"redacted":false,"files":{}}"#;
    let missing = empty.replace("{}", r#"{"a":{"size":1,"sha256":"00"}}"#);
    let rows = [
        (other, "damaged"),
        (zip_of(&[hosts()]), "first entry is no manifest.json"),
        (zip_of(&[]), "first entry is no manifest.json"),
        (zip_of(&[manifest("{")]), "cannot understand"),
        (zip_of(&[manifest(&empty.replace("/1", "/2"))]), "it is of the format"),
        (zip_of(&[manifest(empty), hosts()]), "is not as its manifest.json says"),
        (zip_of(&[manifest(&missing)]), "is missing"),
    ];
    for (zip, expected) in rows {
        let error = unpacked(&zip).expect_err(expected);
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert_eq!(unpacked(&zip_of(&[manifest(empty)])).unwrap().system, None);
}
