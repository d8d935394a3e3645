//! What `vm doctor` prints: whole reports, and text that is out to steer the terminal.

mod common;

use std::path::Path;

use common::{
    compare,
    doctor::{ailing, doctor, healthy, puzzling},
    picks, terminal, text, world,
};
use vmkit_diagnose::Catalogue;
use vmkit_report::{DoctorVm, Style, Terminal};

fn golden(name: &str, catalogue: &Catalogue, vms: Vec<DoctorVm<'_>>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let report = doctor(catalogue, vms, "");
    let found = if name.ends_with("json") {
        text(|out| report.write_json(out))
    } else {
        text(|out| report.write_text(out, terminal(90)))
    };
    compare(&file, &found, "UPDATE_GOLDEN");
}

#[test]
fn reports_as_people_read_them() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    let well = || healthy(&catalogue, "db", picks(&evidence).swap_remove(0));
    golden("doctor-healthy.txt", &catalogue, vec![well()]);
    golden("doctor-one-cause.txt", &catalogue, vec![ailing(&catalogue, "web", "")]);
    golden("doctor-cannot-tell.txt", &catalogue, vec![puzzling(&catalogue, "web")]);
    let three = || vec![well(), ailing(&catalogue, "web", ""), puzzling(&catalogue, "zoo")];
    golden("doctor-three.txt", &catalogue, three());
    golden("doctor-none.txt", &catalogue, Vec::new());
    golden("doctor.json", &catalogue, three());
}

#[test]
fn no_text_steers_the_terminal() {
    let hostile = "x\x1b[2J\x1b]0;t\x07\r\nfake: well\t\u{9b}31m\u{7f}\u{202e}\u{200b}\u{2028}\0";
    let catalogue = Catalogue::builtin().unwrap();
    for style in [Style::Plain, Style::Colour] {
        let mut vm = ailing(&catalogue, hostile, hostile);
        vm.diagnosis.next_test.as_mut().unwrap().command.push(hostile.to_owned());
        vm.diagnosis.causes[0].remedies[0].command.push(hostile.to_owned());
        let report = doctor(&catalogue, vec![vm], hostile);
        let terminal = Terminal { style, ..terminal(90) };
        for found in
            [text(|out| report.write_text(out, terminal)), text(|out| report.write_json(out))]
        {
            let own = found.replace("\u{1b}[0m", "");
            let own = ["1", "2", "31", "32", "33"]
                .iter()
                .fold(own, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
            let steers = |c: char| {
                c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{200b}' | '\u{2028}')
            };
            assert!(!own.contains(steers), "{own:?}");
            assert!(!own.lines().any(|line| line.starts_with("fake")), "{own}");
        }
    }
}
