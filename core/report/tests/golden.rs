//! Whole outputs against files that people can read: tests/golden.

mod common;

use std::path::Path;

use common::{
    compare, full, healthy, machine, meta, plugin_entries, plugins, resolutions, terminal, text,
    without_process, world,
};
use vmkit_report::{Mode, PluginStatus, Plugins, Power, Status, Terminal};
use vmkit_scoring::Pick;

fn golden(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    compare(&file, found, "UPDATE_GOLDEN");
}

#[test]
fn every_fate_of_a_machine() {
    let evidence = world();
    let status = full(&evidence);
    golden("full.txt", &text(|out| status.write_text(out, Terminal::default())));
    golden("full-80.txt", &text(|out| status.write_text(out, terminal(80))));
    golden("full-explain.txt", &text(|out| status.write_explanation(out, Terminal::default())));
    golden("full.json", &text(|out| status.write_json(out)));
}

#[test]
fn a_healthy_machine() {
    let evidence = world();
    let mut status = healthy(&evidence);
    golden("healthy.txt", &text(|out| status.write_text(out, terminal(100))));
    status.meta.statistics = false;
    golden("healthy-no-stats.txt", &text(|out| status.write_text(out, terminal(100))));
}

#[test]
fn one_address_or_why_there_is_none() {
    let evidence = world();
    let said: Vec<String> = resolutions(&evidence)
        .iter()
        .map(|resolution| {
            let address = text(|out| resolution.write_address(out));
            let remark = resolution.remark(None).unwrap_or_default();
            format!("$ vm resolve {}\n{address}{remark}", resolution.vm.input.name)
        })
        .collect();
    golden("resolve.txt", &said.concat());
    golden("resolve.json", &text(|out| resolutions(&evidence).swap_remove(3).write_json(out)));
}

#[test]
fn processes_only() {
    let vms = vec![
        machine("web", 0x57, Pick::not_checked()),
        without_process("off", 0x5c, Power::Stopped),
    ];
    let status = Status::new(meta(Mode::Basic), vms, Vec::new(), Vec::new());
    golden("basic.txt", &text(|out| status.write_text(out, terminal(100))));
    golden("basic.json", &text(|out| status.write_json(out)));
}

#[test]
fn no_slow_signal() {
    let evidence = world();
    let mut skipped = plugins();
    skipped.truncate(3);
    skipped[2].status = PluginStatus::Skipped;
    let vms = vec![machine("web", 0x57, common::picks(&evidence).swap_remove(0))];
    let status = Status::new(meta(Mode::Fast), vms, skipped, Vec::new());
    golden("fast.txt", &text(|out| status.write_text(out, terminal(100))));
}

#[test]
fn no_machine() {
    let status = Status::new(meta(Mode::Full), Vec::new(), Vec::new(), Vec::new());
    golden("empty.txt", &text(|out| status.write_text(out, terminal(100))));
}

#[test]
fn plugins_that_were_found() {
    let found = Plugins(plugin_entries());
    golden("plugin-list.txt", &text(|out| found.write_list(out, terminal(100))));
    golden("plugin-info.txt", &text(|out| found.write_info(out, terminal(100))));
    golden("plugins.json", &text(|out| found.write_json(out)));
    golden("plugin-none.txt", &text(|out| Plugins(Vec::new()).write_list(out, terminal(100))));
}
