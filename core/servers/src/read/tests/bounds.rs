//! Configurations that have no end.

use super::*;

#[test]
fn files_that_name_each_other_end() {
    const MINE: &str = "conf-file=/a\nconf-dir=/d\ndhcp-range=10.0.0.2\n";
    check(&[
        (
            "dnsmasq -C /a",
            &[("/a", MINE), ("/d/b", MINE)],
            Some(" @: 10.0.0.2-10.0.0.2 1/1, 10.0.0.2-10.0.0.2 1/1; "),
        ),
        (
            "dhcpd -cf /a",
            &[("/a", "include \"/a\";")],
            Some(" @: (not understood: the configuration has more than 100 files); unknown"),
        ),
    ]);
}

#[test]
fn a_configuration_without_end_is_not_understood() {
    let range = "dhcp-range=10.0.0.2\n";
    let lines = |line: &str, count: usize| -> &'static str {
        let all: Vec<String> = (0..count).map(|at| format!("{line}{at}\n")).collect();
        (all.concat() + range).leak()
    };
    let (files, hosts) = (lines("conf-file=/d/", 200), lines("dhcp-hostsfile=/d/", 200));
    let interfaces = lines("interface=br", 10_001);
    for text in [files, hosts, interfaces] {
        let named = (0..200).map(|at| (&*format!("/d/{at}").leak(), ""));
        let disk: Vec<_> = named.chain([("/a", text)]).collect();
        let server = outcome("dnsmasq -C /a", &disk).expect("a server");
        let Reading::Unknown(Unread::Malformed(why)) = server.pools else {
            panic!("understood: {}", &text[..20]);
        };
        assert!(why.starts_with("the configuration has more than"), "{why}");
    }
}

#[test]
fn a_configuration_of_many_directories_or_bytes_is_not_understood() {
    let range = "dhcp-range=10.0.0.2\n";
    let directories = (0..200).map(|at| format!("conf-dir=/d/{at}/../e\n")).collect::<Vec<_>>();
    let bytes = format!("{}\nconf-file=/a/b\n", "#".repeat(9 << 20));
    for text in [directories.concat() + range, bytes] {
        let text: &'static str = text.leak();
        let server = outcome("dnsmasq -C /a", &[("/a", text), ("/a/b", text), ("/d/0/../e/x", "")]);
        let server = server.expect("a server");
        assert!(matches!(server.pools, Reading::Unknown(_)), "{}", shown(&server));
    }
}

#[test]
fn a_statement_without_end_is_not_understood() {
    let words: &'static str = format!("range {};", "x ".repeat(2000)).leak();
    check(&[(
        "dhcpd -cf /a",
        &[("/a", words)],
        Some(" @: (not understood: a statement has more than 1000 words); unknown"),
    )]);
}
