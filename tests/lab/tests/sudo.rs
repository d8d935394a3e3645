//! Under sudo, signals are asked as the user who called it: what a system keeps from that user's
//! programs and not from root's is seen.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use vmkit_lab::{GuestKind, GuestPlan, Lab, finish, or_skip, run};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
/// A user that this computer does not have.
const USER: &str = "12345";

/// The state of the machine's SSH server as `vm`, run by root, tells it.
fn ssh_state(lab: &Lab, sudo_user: Option<&str>) -> Value {
    let mut command = lab.vm_command(&["status", "web", "--json"]);
    if let Some(user) = sudo_user {
        command.envs([("SUDO_UID", user), ("SUDO_GID", user)]);
    }
    let finished = finish(&mut command).expect("a status");
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
    report["vms"][0]["ssh"]["state"].clone()
}

#[test]
fn probes_ssh_as_the_caller_of_sudo() {
    let Some(mut lab) = or_skip(Lab::new("sudo")) else { return };
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let _guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
    assert_eq!(ssh_state(&lab, Some(USER)), json!("ready"));

    // As macOS does with programs that may not reach the local network; root is exempt.
    let rule = format!(
        "table inet privacy {{ chain out {{ type filter hook output priority 0; \
         meta skuid {USER} tcp dport 22 drop; }}; }}"
    );
    run(lab.host().command("nft").arg(rule)).expect("a rule");
    assert_eq!(ssh_state(&lab, Some(USER)), json!("timeout"));
    assert_eq!(ssh_state(&lab, None), json!("ready"));
}
