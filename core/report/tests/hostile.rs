//! No text of a guest, a plugin or a file steers the terminal, in any output.

#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

mod common;

use std::{path::Path, time::Duration};

use common::{World, evidence, fact, mac, machine, now, terminal, text};
use vmkit_model::{Card, CommandPlace, Machine, Mode, Net, PluginOutcome, PluginStatus, Problem};
use vmkit_report::{
    LockedPlugin, PluginDetails, PluginEntry, PluginLock, PluginOrigin, PluginRequest, Plugins,
    Style, Terminal, failure,
};
use vmkit_scoring::{Case, Weights, score};
use vmkit_types::{NetworkMode, Observation, Reading, Unread, attribute};

const HOSTILE: &str =
    "x\x1b[2J\x1b]0;t\x07\r\nfake: running\t\u{9b}31m\u{7f}\u{202e}\u{200b}\u{2028}\0";

fn reports() -> Vec<PluginOutcome> {
    let of = |status| PluginOutcome {
        id: HOSTILE.to_owned(),
        version: Some(HOSTILE.to_owned()),
        status,
        elapsed: Some(Duration::from_millis(3)),
        message: Some(HOSTILE.to_owned()),
        hint: Some(HOSTILE.to_owned()),
        names_addresses: None,
    };
    vec![of(PluginStatus::Error), of(PluginStatus::Ok), of(PluginStatus::Skipped)]
}

fn card(port: Option<String>) -> Card {
    let (mode, interface, netdev) = (NetworkMode::Bridged, Some(HOSTILE.to_owned()), None);
    let net = Reading::Known(Net { mode, interface, port, netdev });
    Card { net, ..Card::new(Some(mac(1)), None, None) }
}

fn hostile_machine() -> Machine {
    let known = || Reading::Known(HOSTILE.to_owned());
    Machine {
        hostname: known(),
        username: known(),
        manager: HOSTILE.into(),
        cards: card(Some(HOSTILE.to_owned())).into(),
        disk_size: Reading::Unknown(Unread::Failed(HOSTILE.to_owned())),
        os_version: known(),
        directory: Some(HOSTILE.into()),
        ..machine(HOSTILE, 1)
    }
}

fn outputs(style: Style) -> Vec<String> {
    let terminal = Terminal { style, ..terminal(90) };
    let case = Case {
        name: HOSTILE.to_owned(),
        cards: card(None).into(),
        running: true,
        ..Case::default()
    };
    let cases = [case.clone(), case];
    let neighbour =
        |vm| (HOSTILE, fact(vm, "192.168.1.64", "neighbour-stale", HOSTILE).on_mac(mac(1)));
    let all = evidence(vec![
        neighbour(0),
        neighbour(1),
        (HOSTILE, fact(0, "192.168.1.64", "ssh-ready", HOSTILE).with(attribute::BANNER, HOSTILE)),
        (HOSTILE, fact(0, "192.168.1.65", HOSTILE, HOSTILE)),
        (HOSTILE, Observation::unread(0, &Unread::Failed(HOSTILE.to_owned()))),
    ]);
    let picks = score(&cases, &all, None, now(), &Weights::builtin().unwrap());
    let rows = picks.into_iter().map(|pick| (hostile_machine(), pick)).collect();
    let problems = vec![Problem::error(Path::new(HOSTILE), HOSTILE)];
    let world = World { rows, plugins: reports(), problems };
    let (status, fast) = (world.status(Mode::Full), world.status(Mode::Fast));
    let resolution = world.resolutions().swap_remove(0);
    vec![
        text(|out| status.write_text(out, terminal)),
        text(|out| fast.write_text(out, terminal)),
        text(|out| status.write_explanation(out, terminal)),
        text(|out| status.write_json(out)),
        text(|out| resolution.write_address(out)),
        text(|out| resolution.write_json(out)),
        resolution
            .remark(&CommandPlace { record: Some(HOSTILE.to_owned()), ..CommandPlace::default() })
            .unwrap_or_default(),
        failure(&[HOSTILE.to_owned()], Some(HOSTILE)),
    ]
    .into_iter()
    .chain(plugin_outputs(terminal))
    .collect()
}

fn plugin_outputs(terminal: Terminal) -> Vec<String> {
    let list = || vec![HOSTILE.to_owned()];
    let details = PluginDetails {
        version: HOSTILE.to_owned(),
        epoch: 1,
        summary: HOSTILE.to_owned(),
        kinds: list(),
        stages: list(),
        modes: list(),
        cost: HOSTILE.to_owned(),
        needs: list(),
        claims: list(),
    };
    let entry = |details| PluginEntry {
        id: HOSTILE.to_owned(),
        path: HOSTILE.to_owned(),
        status: PluginStatus::Refused,
        message: Some(HOSTILE.to_owned()),
        hint: Some(HOSTILE.to_owned()),
        origin: Some(PluginOrigin::Stranger),
        sha256: Some("5e".repeat(32)),
        weight: Some(1000),
        details,
    };
    let request = PluginRequest {
        entry: entry(Some(details.clone())),
        before: "nothing".to_owned(),
        warnings: Vec::new(),
    };
    let lock = PluginLock(vec![LockedPlugin {
        id: HOSTILE.to_owned(),
        version: HOSTILE.to_owned(),
        sha256: "5e".repeat(32),
        needs: HOSTILE.into(),
        unconfined: true,
        weight: Some(1000),
        path: HOSTILE.into(),
        trusted_at: std::time::SystemTime::UNIX_EPOCH,
        by_root: false,
    }]);
    let plugins = Plugins(vec![entry(Some(details)), entry(None)]);
    vec![
        text(|out| plugins.write_list(out, terminal)),
        text(|out| plugins.write_info(out, terminal)),
        text(|out| plugins.write_json(out)),
        text(|out| request.write_text(out, terminal)),
        text(|out| lock.write_text(out, terminal)),
        text(|out| lock.write_json(out)),
    ]
}

/// The text without the SGR sequences that vmkit itself makes.
fn without_colour(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap();
        assert_eq!(after.as_bytes()[end], b'm', "not an SGR sequence: {after:?}");
        rest = &after[end + 1..];
    }
    out + rest
}

#[test]
fn no_control_byte_is_in_any_output() {
    for output in outputs(Style::Plain) {
        let steering =
            |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{2028}".contains(c);
        assert!(!output.contains(steering), "{output:?}");
        assert!(!output.lines().any(|line| line.starts_with("fake: running")), "{output}");
    }
}

#[test]
fn colour_adds_only_sgr_sequences() {
    for (plain, coloured) in outputs(Style::Plain).iter().zip(outputs(Style::Colour)) {
        assert_eq!(plain, &without_colour(&coloured));
    }
}

#[test]
fn documents_keep_the_text_unchanged() {
    let json = &outputs(Style::Plain)[3];
    assert!(json.is_ascii());
    let document: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(document["vms"][0]["name"], HOSTILE);
    assert_eq!(document["vms"][0]["ssh"]["banner"], HOSTILE);
}
