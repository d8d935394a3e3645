//! Addresses above a login prompt, as `/etc/issue` and the message of the day show them.

use std::net::IpAddr;

use crate::{
    boot::Boot,
    device::Device,
    statement::{Client, Statement},
    words::leading_address,
};

/// Most addresses of one line that are read.
const MOST: usize = 8;
/// Beginnings of the names of cards.
const CARDS: [&str; 3] = ["en", "eth", "wl"];
/// What precedes an address and nothing else.
const LABELS: [&str; 5] =
    ["IPv4 address for ", "IPv4 addresses for ", "IP address: ", "IP Address: ", "My IP address: "];
/// What precedes the addresses at which a page is served.
const PAGE: &str = "https://";
/// Ports of the pages that systems announce above their login prompts: Cockpit and Proxmox VE.
const PAGES: [u16; 2] = [9090, 8006];

/// Reads a line that consists of addresses and their label. All other lines say nothing here.
pub(crate) fn line(boot: &mut Boot<'_>, line: &str) {
    let line = line.trim();
    match line.as_bytes().first() {
        // `ens3: 192.168.122.187 fe80::5054:ff:fe12:3456`, as Fedora CoreOS, Flatcar and openSUSE write it.
        Some(b'e' | b'w') => {
            if let Some((name, addresses)) = line.split_once(": ") {
                of_card(boot, name, addresses);
            }
        }
        // `IPv4 address for ens3: 10.0.2.15`, as Ubuntu and Home Assistant write it.
        Some(b'I' | b'M') => labelled(boot, line),
        // `Web console: https://fedora:9090/ or https://192.168.122.50:9090/`
        Some(b'W' | b'h') => pages(boot, line),
        _ => {}
    }
}

fn of_card(boot: &mut Boot<'_>, name: &str, addresses: &str) {
    let is_card = CARDS.iter().any(|beginning| name.starts_with(beginning));
    let Some(device) = Device::parse(name).filter(|_| is_card) else { return };
    state_all(boot, Some(&device), addresses);
}

fn labelled(boot: &mut Boot<'_>, line: &str) {
    let Some(rest) = LABELS.iter().find_map(|label| line.strip_prefix(label)) else { return };
    match rest.split_once(": ") {
        Some((name, addresses)) => of_card(boot, name, addresses),
        None => state_all(boot, None, rest),
    }
}

/// States the addresses if the text has nothing else.
fn state_all(boot: &mut Boot<'_>, device: Option<&Device>, text: &str) {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty()).take(MOST + 1);
    let Some(addresses) = words.map(whole_address).collect::<Option<Vec<_>>>() else { return };
    for (address, prefix) in addresses.into_iter().take(MOST) {
        let mut statement = Statement::new(Client::Banner, address);
        (statement.device, statement.prefix) = (device.cloned(), prefix);
        state(boot, statement);
    }
}

/// States an address, unless every card has such a one and nobody logs in there.
fn state(boot: &mut Boot<'_>, statement: Statement) {
    if !(statement.address.is_ipv6() && statement.is_link_local()) {
        boot.state(statement);
    }
}

/// The address with its prefix length, if the word is nothing else.
fn whole_address(word: &str) -> Option<(IpAddr, Option<u8>)> {
    let (address, prefix, rest) = leading_address(word)?;
    rest.is_empty().then_some((address, prefix))
}

fn pages(boot: &mut Boot<'_>, line: &str) {
    if !(line.starts_with(PAGE) || line.starts_with("Web console: ")) {
        return;
    }
    for place in line.split(PAGE).skip(1).take(MOST) {
        let host = place.split(['/', ' ']).next().unwrap_or_default();
        let Some((host, port)) = host.rsplit_once(':') else { continue };
        let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
        let is_page = port.parse().is_ok_and(|port| PAGES.contains(&port));
        if let Some(address) = address.ok().filter(|_| is_page) {
            state(boot, Statement::new(Client::Banner, address));
        }
    }
}
