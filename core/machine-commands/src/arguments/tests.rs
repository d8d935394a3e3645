//! Command lines and what they mean.

use clap::{FromArgMatches as _, Subcommand as _};
use vmkit_model::{NetworkChoice, StartMode};

use super::*;

fn parse(line: &str) -> Result<MachineCommand, clap::Error> {
    let command = MachineCommand::augment_subcommands(clap::Command::new("vm"));
    let matches = command.try_get_matches_from(std::iter::once("vm").chain(line.split(' ')))?;
    MachineCommand::from_arg_matches(&matches)
}

#[test]
fn reads_each_command_line_or_refuses_it() {
    let rows = [
        ("create web --image noble.img", true),
        ("create web --image a.img --disk 20G --memory 2G --cpus 4 --user ann", true),
        ("create web --image a --ssh-key ~/.ssh/id.pub --ssh-key b --mac 52:54:00:12:34:56", true),
        ("create web --image a --net bridged --bridge eth0", true),
        ("create web", false),
        ("create --image a", false),
        ("create web --image a --memory 1", false),
        ("create web --image a --cpus 0", false),
        ("create web --image a --mac 01:00:5e:00:00:01", false),
        ("create web --image a --net nat", false),
        ("start web", true),
        ("start web db --net shared --yes", true),
        ("start web --bridge eth0", true),
        ("start web --console", true),
        ("start web --wait 30", true),
        ("start web --wait 30 --no-wait", false),
        ("start web --console --no-wait", false),
        ("start", false),
        ("stop web db --force", true),
        ("restart web --net shared", true),
        ("pause web", true),
        ("resume web", true),
        ("list --json", true),
        ("console web", true),
        ("destroy web db --yes", true),
        ("clone web web-2 --force", true),
        ("clone web", false),
        ("import ~/machines/web disk.qcow2", true),
        ("import", false),
        ("net --json", true),
        ("net web --reach others", true),
        ("net --reach everybody", false),
    ];
    for (line, right) in rows {
        let parsed = parse(line);
        assert_eq!(parsed.is_ok(), right, "{line}: {parsed:?}");
    }
}

#[test]
fn a_bridge_alone_means_bridged_mode() {
    let choice = |mode, bridge: Option<&str>| {
        Some(NetworkChoice { mode, bridge: bridge.map(str::to_owned) })
    };
    let rows = [
        ("start web", None),
        ("start web --net shared", choice(StartMode::Shared, None)),
        ("start web --net bridged", choice(StartMode::Bridged, None)),
        ("start web --bridge en5", choice(StartMode::Bridged, Some("en5"))),
        ("start web --net bridged --bridge en5", choice(StartMode::Bridged, Some("en5"))),
    ];
    for (line, expected) in rows {
        let Ok(MachineCommand::Start(start)) = parse(line) else { panic!("{line}") };
        assert_eq!(start.options.network.choice().unwrap(), expected, "{line}");
    }
    let contradicts = parse("start web --net shared --bridge en5");
    let Ok(MachineCommand::Start(start)) = contradicts else { panic!("{contradicts:?}") };
    assert!(start.options.network.choice().is_err());
}
