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
