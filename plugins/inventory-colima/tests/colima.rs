//! Colima's machines, from files rebuilt from public facts.

use inventory_colima::Colima;
use vmkit_plugin::{MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

#[test]
fn lists_the_machines_of_both_places_with_their_endpoints() {
    let arguments = ["limactl", "hostagent", "--socket", "/x/colima/ha.sock", "colima"];
    let agent = ProcessAnswer {
        pid: 801,
        user: None,
        directory: None,
        arguments: arguments.map(str::to_owned).to_vec(),
    };
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let machines =
        FakeHost::new().with_tree(tree).with_process(agent).list::<Colima>("{}").unwrap();
    let names: Vec<_> = machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["colima-dev", "colima", "colima-arm"]);
    let colima = &machines[1];
    assert_eq!(colima.state, Reading::Known(MachineState::Running));
    assert_eq!(colima.ssh, Reading::Known("127.0.0.1:63009".parse().unwrap()));
    assert_eq!(colima.username, Reading::Known("ann".to_owned()));
    let key = "/home/ann/.colima/_lima/_config/user";
    assert_eq!(colima.identity_file, Reading::Known(key.to_owned()));
    assert_eq!(colima.hostname, Reading::Unknown(Unread::NotTried));
    let cards = colima.cards.clone().known().unwrap();
    let cards: Vec<_> = cards.iter().map(ToString::to_string).collect();
    assert_eq!(cards, ["- user - -", "- shared - -"]);
    assert_eq!(machines[0].state, Reading::Known(MachineState::Stopped));
    let key = "/home/ann/.config/colima/_lima/_config/user";
    assert_eq!(machines[2].identity_file, Reading::Known(key.to_owned()));
}
