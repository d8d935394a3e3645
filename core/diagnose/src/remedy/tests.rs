use super::*;
use crate::{FindingCode, catalogue::Scope};

#[test]
fn a_command_is_quoted_for_a_shell() {
    let remedy = Remedy {
        id: "start-machine".to_owned(),
        title: String::new(),
        steps: Vec::new(),
        command: ["vm", "start", "a b; rm -rf $HOME 'x'"].map(str::to_owned).to_vec(),
        then: vec![vec!["true".to_owned()]],
        risk: Risk::None,
        risk_says: String::new(),
        scope: Scope::Vm,
        undo: String::new(),
        measures: FindingCode::AddressMissing,
        helps: 0.5,
    };
    let lines = remedy.command_lines();
    let split = lines.iter().map(|line| shlex::split(line).unwrap());
    assert_eq!(split.collect::<Vec<_>>(), [remedy.command, remedy.then[0].clone()]);
}

/// What its title says stays among its steps, also where no command can do it.
#[test]
fn without_a_name_the_step_of_the_command_is_left_to_the_person() {
    let catalogue = Catalogue::builtin().unwrap();
    let of = |id: &str, names: &[(&'static str, &str)]| {
        let kind = catalogue.remedies.iter().find(|kind| kind.id == id).unwrap();
        filled(kind, 0.5, &Values::named(names)).unwrap()
    };
    let join = of("join-bridge", &[("port", "tap1")]);
    assert_eq!(join.steps[0], "Put tap1 into BRIDGE.");
    assert!(join.command.is_empty(), "{join:?}");
    let complete = of("join-bridge", &[("port", "tap1"), ("bridge", "br0")]);
    assert_eq!(complete.steps[0], "Put tap1 into br0.");
    assert_eq!(complete.command.join(" "), "sudo ip link set tap1 master br0");
    let ethernet = of("use-ethernet", &[("name", "web")]);
    assert_eq!(ethernet.steps.last().unwrap(), "Start it bridged to ADAPTER.");
}
