use super::*;

fn text(format: Format, bridge: Option<&str>) -> FileText {
    let bridge = bridge.map(str::to_owned);
    FileText { format, bridge, name: String::new(), text: Ok(Vec::new()) }
}

#[test]
fn the_places_are_those_of_the_manifest() {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../plugin.json")).unwrap();
    let needs = if cfg!(target_os = "macos") { "needs_macos" } else { "needs" };
    let declared = manifest[needs]["read_files"].as_array().unwrap();
    let places: Vec<_> = PLACES.iter().map(|place| place.pattern).collect();
    assert_eq!(declared.iter().map(|path| path.as_str().unwrap()).collect::<Vec<_>>(), places);
}

#[test]
fn every_file_of_a_recording_is_found_again() {
    let texts = [
        text(Format::MacOs, None),
        text(Format::Dnsmasq, None),
        text(Format::Dnsmasq, None),
        text(Format::Libvirt, Some("virbr0")),
        text(Format::Libvirt, Some("virbr1")),
        text(Format::Isc, None),
        text(Format::Isc, None),
        text(Format::Parallels, None),
    ];
    let names = artefacts(&texts);
    let expected = [
        "leases/dhcpd_leases",
        "leases/dnsmasq.leases",
        "leases/dnsmasq-2.leases",
        "leases/libvirt-virbr0.status",
        "leases/libvirt-virbr1.status",
        "leases/dhcpd.leases",
        "leases/dhcpd-2.leases",
        "leases/parallels.leases",
    ];
    assert_eq!(names, expected);
    for (name, text) in names.iter().zip(&texts) {
        assert_eq!(format_of(name), Some((text.format, text.bridge.as_deref())), "{name}");
    }
    for name in ["leases/networkd-2", "leases/web.leases", "leases/x.status", "neigh/dhcpd_leases"]
    {
        assert_eq!(format_of(name), None, "{name}");
    }
}

#[test]
fn files_are_found_by_pattern_and_those_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("virbr0.status"), "[]").unwrap();
    std::fs::write(at("virbr0.macs"), "[]").unwrap();
    std::fs::create_dir(at("virbr1.status")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("virbr2.status")).unwrap();
    let found = in_place(&at("*.status"), Format::Libvirt);
    let rows: Vec<_> =
        found.iter().map(|text| (text.bridge.as_deref(), text.text.clone())).collect();
    let why = format!("read {}: not a regular file", at("virbr1.status").display());
    assert_eq!(
        rows,
        [(Some("virbr0"), Ok(b"[]".to_vec())), (Some("virbr1"), Err(Unread::Failed(why))),]
    );
    assert!(in_place(&at("missing/*.status"), Format::Libvirt).is_empty());
    assert!(in_place(&at("missing"), Format::Libvirt).is_empty());
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let error = content(File::open("/dev/zero").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "it is larger than 16 MiB");
}
