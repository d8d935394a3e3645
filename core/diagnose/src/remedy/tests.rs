use super::*;

#[test]
fn a_command_is_quoted_for_a_shell() {
    let remedy = Remedy {
        id: "start-machine".to_owned(),
        title: String::new(),
        steps: Vec::new(),
        command: ["vm", "start", "a b; rm -rf $HOME 'x'"].map(str::to_owned).to_vec(),
        risk: Risk::None,
        risk_says: String::new(),
        scope: Scope::Vm,
        undo: String::new(),
        measures: "address-missing",
        helps: 0.5,
    };
    let line = remedy.command_line().unwrap();
    assert_eq!(shlex::split(&line).unwrap(), remedy.command);
}
