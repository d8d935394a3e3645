use vmkit_testkit::FakeHost;

use super::*;

fn text(format: Format, bridge: Option<&str>) -> FileText {
    let bridge = bridge.map(str::to_owned);
    FileText { format, bridge, name: String::new(), text: Ok(Vec::new()) }
}

#[test]
fn the_manifest_declares_all_patterns() {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../plugin.json")).unwrap();
    let needs = if cfg!(target_os = "macos") { "needs_macos" } else { "needs" };
    let declared = manifest[needs]["read_files"].as_array().unwrap();
    let patterns: Vec<_> = PATTERNS.iter().map(|files| files.pattern).collect();
    assert_eq!(declared.iter().map(|path| path.as_str().unwrap()).collect::<Vec<_>>(), patterns);
}

#[test]
fn finds_every_recorded_file_again() {
    let texts = [
        text(Format::MacOs, None),
        text(Format::Dnsmasq, None),
        text(Format::Dnsmasq, None),
        text(Format::Libvirt, Some("virbr0")),
        text(Format::Libvirt, Some("virbr1")),
        text(Format::Isc, None),
        text(Format::Isc, None),
        text(Format::Parallels, None),
        text(Format::Dnsmasq, Some("incusbr0")),
        text(Format::Isc, Some("vmnet8")),
        text(Format::Kea, None),
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
        "leases/dnsmasq-incusbr0.leases",
        "leases/dhcpd-vmnet8.leases",
        "leases/kea.csv",
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
fn finds_files_by_pattern_and_reports_unreadable_ones() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let host = FakeHost::new();
    let matches =
        |name: &str| matches(at(name).to_str().unwrap(), Format::Libvirt, &host.context());
    std::fs::write(at("virbr0.status"), "[]").unwrap();
    std::fs::write(at("virbr0.macs"), "[]").unwrap();
    std::fs::create_dir(at("virbr1.status")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("virbr2.status")).unwrap();
    let found = matches("*.status");
    let rows: Vec<_> =
        found.iter().map(|text| (text.bridge.as_deref(), text.text.clone())).collect();
    let why = format!("{} is a directory, not a regular file", at("virbr1.status").display());
    assert_eq!(
        rows,
        [(Some("virbr0"), Ok(b"[]".to_vec())), (Some("virbr1"), Err(Unread::Failed(why))),]
    );
    assert!(matches("missing/*.status").is_empty());
    assert!(matches("missing").is_empty());
}

#[test]
fn refuses_a_file_without_end() {
    let error = content(File::open("/dev/zero").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the file is larger than 16 MiB");
}

#[test]
fn the_path_of_a_file_names_its_bridge() {
    let rows = [
        ("/var/lib/libvirt/dnsmasq/virbr0.status", Format::Libvirt, Some("virbr0")),
        ("/var/lib/libvirt/dnsmasq/default.leases", Format::Dnsmasq, None),
        ("/var/lib/misc/dnsmasq.leases", Format::Dnsmasq, None),
        ("/var/lib/misc/dnsmasq.lxcbr0.leases", Format::Dnsmasq, Some("lxcbr0")),
        ("/var/lib/NetworkManager/dnsmasq-wlan0.leases", Format::Dnsmasq, Some("wlan0")),
        ("/var/lib/incus/networks/incusbr0/dnsmasq.leases", Format::Dnsmasq, Some("incusbr0")),
        ("/var/lib/incus/networks/a name/dnsmasq.leases", Format::Dnsmasq, None),
        ("/etc/vmware/vmnet8/dhcpd/dhcpd.leases", Format::Isc, Some("vmnet8")),
        ("/var/lib/dhcp/dhcpd.leases", Format::Isc, None),
        ("/var/lib/kea/kea-leases4.csv", Format::Kea, None),
    ];
    for (path, format, expected) in rows {
        let bridge = bridge_of(path, format).and_then(plain_name);
        assert_eq!(bridge.as_deref(), expected, "{path}");
    }
}

#[test]
fn the_parts_of_one_log_are_read_as_one() {
    let part =
        |part: &str| FileText { text: Ok(part.as_bytes().to_vec()), ..text(Format::Kea, None) };
    let whole = joined(vec![part("old"), text(Format::Isc, None), part("new")]);
    let texts: Vec<_> = whole.into_iter().map(|file| file.text.unwrap()).collect();
    assert_eq!(texts, [b"old\nnew".to_vec(), Vec::new()]);
}
