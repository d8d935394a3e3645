//! Files of VirtualBox that somebody wrote to do harm.

use inventory_virtualbox::parse;
use vmkit_plugin::{Reading, Unread};

fn with_adapters(adapters: &str) -> Vec<u8> {
    format!(
        "<VirtualBox><Machine name='a&#10;b'><Hardware><Network>{adapters}</Network></Hardware>\
         </Machine></VirtualBox>"
    )
    .into_bytes()
}

#[test]
fn a_field_that_cannot_be_read_leaves_the_others() {
    let rows = [
        ("<Adapter enabled='true' slot='1' MACAddress='08002700'/>", "adapter 1: the MAC"),
        ("<Adapter enabled='true' MACAddress='&#27;[2J'/>", "`\\x1b[2J` is not six octets"),
    ];
    for (adapters, expected) in rows {
        let machine = parse(&with_adapters(adapters)).0.unwrap();
        let Reading::Unknown(Unread::Malformed(why)) = machine.cards else { panic!("{adapters}") };
        assert!(why.contains(expected), "{why}");
        assert_eq!((machine.name.as_str(), machine.ssh), ("a\\nb", Reading::Absent));
    }
    for rule in
        ["", "proto='1' hostport='99999' guestport='22'", "proto='1' hostport='1' hostip='x'"]
    {
        let nat = format!("<Adapter enabled='true'><NAT><Forwarding {rule}/></NAT></Adapter>");
        let machine = parse(&with_adapters(&nat)).0.unwrap();
        assert!(matches!(machine.forwards, Reading::Unknown(Unread::Malformed(_))), "{rule}");
        assert_eq!(machine.cards.known().unwrap().len(), 1);
    }
}

#[test]
fn lists_in_files_are_bounded() {
    let machine = parse(&with_adapters(&"<Adapter enabled='true'/>".repeat(20_000))).0.unwrap();
    assert_eq!(machine.cards.known().unwrap().len(), 36);
    let entries = "<MachineEntry uuid='{1}' src='x'/>".repeat(20_000);
    let registry = format!(
        "<VirtualBox><Global><MachineRegistry>{entries}</MachineRegistry></Global></VirtualBox>"
    );
    assert_eq!(parse(registry.as_bytes()).1, 1024);
}

#[test]
fn what_is_no_file_of_virtualbox_is_refused() {
    let deep = "<a>".repeat(100_000);
    for text in ["", "x", "<VirtualBox/>", "<VirtualBox><MachineEncrypted/></VirtualBox>", &deep] {
        assert!(parse(text.as_bytes()).0.is_err());
    }
    assert!(parse(b"<a>\xff</a>").0.is_err());
}
