//! Files of VMware that somebody wrote to do harm.

use inventory_vmware::parse;
use vmkit_plugin::Reading;

#[test]
fn hostile_settings_are_bounded() {
    let many = (0..50_000).map(|n| format!("scsi0:{n}.present = \"TRUE\"\n"));
    let many = many.collect::<Vec<_>>().concat();
    let lines = ["displayName = \"|0a|1b[2J\u{202e}|", "ethernet0.present = \"TRUE\"", &many];
    let machine = parse(lines.join("\n").as_bytes()).0.unwrap();
    assert_eq!(machine.name, "\"\\n\\x1b[2J\\u{202e}|");
    assert_eq!(machine.disks, Reading::Known(Vec::new()));
    assert_eq!(machine.cards.known().unwrap().len(), 1);
}

#[test]
fn what_is_no_file_of_vmware_is_refused() {
    for bytes in [b"".as_slice(), b"\0\0\0", b"<xml/>", b"[a]\n[b]", "é".repeat(9).as_bytes()] {
        let (machine, library) = parse(bytes);
        assert!(machine.is_err() && library.is_err(), "{bytes:?}");
    }
}

#[test]
fn a_library_names_absolute_paths_only() {
    let text = "vmlist1.config = \"web.vmx\"\nvmlist2.config = \"/a/../b/web.vmx\"\n\
                vmlist3.config = \"/b/web.vmx\"\nvmlist4.config = \"/etc/shadow\"";
    assert_eq!(parse(text.as_bytes()).1, Ok(vec!["/b/web.vmx".to_owned()]));
}
