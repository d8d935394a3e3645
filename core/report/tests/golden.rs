//! Whole outputs against files that people can read: tests/golden.

mod common;

use std::path::Path;

use common::{
    World, compare, full, healthy, machine, plugin_entries, plugins, terminal, text,
    without_process,
};
use vmkit_model::{CommandPlace, Mode, PluginOutcome, PluginStatus, Power};
use vmkit_report::{Plugins, Terminal};
use vmkit_scoring::Pick;

fn golden(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    compare(&file, found, "UPDATE_GOLDEN");
}

#[test]
fn shows_machines_of_every_state_and_verdict() {
    let full = full();
    let status = full.status(Mode::Full);
    golden("full.txt", &text(|out| status.write_text(out, Terminal::default())));
    golden("full-80.txt", &text(|out| status.write_text(out, terminal(80))));
    golden("full-explain.txt", &text(|out| status.write_explanation(out, Terminal::default())));
    golden("full.json", &text(|out| status.write_json(out)));
}

#[test]
fn shows_a_healthy_machine_with_and_without_statistics() {
    let healthy = healthy();
    let mut status = healthy.status(Mode::Full);
    golden("healthy.txt", &text(|out| status.write_text(out, terminal(100))));
    status.meta.statistics = false;
    golden("healthy-no-stats.txt", &text(|out| status.write_text(out, terminal(100))));
}

#[test]
fn resolves_to_one_address_or_the_reason_that_there_is_none() {
    let full = full();
    let said: Vec<String> = full
        .resolutions()
        .iter()
        .map(|resolution| {
            let address = text(|out| resolution.write_address(out));
            let remark = resolution.remark(&CommandPlace::default()).unwrap_or_default();
            format!("$ vm resolve {}\n{address}{remark}", resolution.vm.machine.name)
        })
        .collect();
    golden("resolve.txt", &said.concat());
    golden("resolve.json", &text(|out| full.resolutions()[3].write_json(out)));
}

#[test]
fn shows_processes_only() {
    let basic = World::of(vec![
        (machine("web", 0x57), Pick::not_checked()),
        (without_process("off", 0x5c, Power::Stopped), Pick::not_running()),
    ]);
    let status = basic.status(Mode::Basic);
    golden("basic.txt", &text(|out| status.write_text(out, terminal(100))));
    golden("basic.json", &text(|out| status.write_json(out)));
}

#[test]
fn names_the_slow_signals_that_were_skipped() {
    let mut fast = World { plugins: plugins(), ..healthy() };
    fast.plugins.truncate(3);
    // A signal that has nothing to ask about is not slow.
    let why = ["no running VM to ask about", PluginOutcome::OTHER_MODE];
    for (plugin, why) in fast.plugins[1..].iter_mut().zip(why) {
        plugin.status = PluginStatus::Skipped;
        plugin.message = Some(why.to_owned());
    }
    golden("fast.txt", &text(|out| fast.status(Mode::Fast).write_text(out, terminal(100))));
}

#[test]
fn says_that_there_are_no_machines() {
    let empty = World::of(Vec::new());
    golden("empty.txt", &text(|out| empty.status(Mode::Full).write_text(out, terminal(100))));
}

#[test]
fn lists_the_plugins_that_were_found() {
    let found = Plugins(plugin_entries());
    golden("plugin-list.txt", &text(|out| found.write_list(out, terminal(100))));
    golden("plugin-info.txt", &text(|out| found.write_info(out, terminal(100))));
    golden("plugins.json", &text(|out| found.write_json(out)));
    golden("plugin-none.txt", &text(|out| Plugins(Vec::new()).write_list(out, terminal(100))));
}
