//! What `vm doctor` prints: whole reports, and text that is out to steer the terminal.

mod common;

use std::path::Path;

use common::{
    compare,
    doctor::{ailing, at_rest, booting, doctor, healthy, ignored, puzzling},
    picks, terminal, text, world,
};
use vmkit_diagnose::{Catalogue, Diagnosis, Finding, FindingCode, State};
use vmkit_inside::Way;
use vmkit_model::Power;
use vmkit_report::{DoctorVm, Style, Terminal};
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::Reading;

fn golden(name: &str, catalogue: &Catalogue, vms: Vec<DoctorVm>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let report = doctor(catalogue, vms, "");
    let found = if name.ends_with("json") {
        text(|out| report.write_json(out))
    } else if name.starts_with("doctor-explain") {
        text(|out| report.write_explanation(out, terminal(90)))
    } else if name.starts_with("doctor-short") {
        text(|out| report.write_short(out))
    } else {
        text(|out| report.write_text(out, terminal(90)))
    };
    compare(&file, &found, "UPDATE_GOLDEN");
}

#[test]
fn writes_reports_for_people() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    let well = || healthy(&catalogue, "db", picks(&evidence).swap_remove(0));
    golden("doctor-healthy.txt", &catalogue, vec![well()]);
    golden("doctor-one-cause.txt", &catalogue, vec![ailing(&catalogue, "web", "")]);
    golden("doctor-cannot-tell.txt", &catalogue, vec![puzzling(&catalogue, "web")]);
    golden("doctor-explain-cannot-tell.txt", &catalogue, vec![puzzling(&catalogue, "web")]);
    let asked = |way| DoctorVm {
        inside: Reading::Known(way),
        ..healthy(&catalogue, "db", picks(&evidence).swap_remove(0))
    };
    golden("doctor-explain-inside.txt", &catalogue, vec![asked(Way::Ssh), asked(Way::GuestAgent)]);
    golden("doctor-short-one-cause.txt", &catalogue, vec![ailing(&catalogue, "web", "")]);
    golden("doctor-short-cannot-tell.txt", &catalogue, vec![puzzling(&catalogue, "web")]);
    golden("doctor-short-healthy.txt", &catalogue, vec![well()]);
    golden("doctor-ignored.txt", &catalogue, vec![well(), ignored(&catalogue, "web", "")]);
    let three = || vec![well(), ailing(&catalogue, "web", ""), puzzling(&catalogue, "zoo")];
    golden("doctor-three.txt", &catalogue, three());
    golden("doctor-explain-three.txt", &catalogue, three());
    golden("doctor-short-three.txt", &catalogue, three());
    golden("doctor-none.txt", &catalogue, Vec::new());
    golden("doctor.json", &catalogue, three());
    let starting = || booting(&catalogue, "web", picks(&evidence).swap_remove(0), "");
    golden("doctor-booting.txt", &catalogue, vec![starting()]);
    let resting = || {
        let powers = [("off", Power::Stopped), ("halt", Power::Paused)];
        powers.map(|(name, power)| at_rest(&catalogue, name, power)).into_iter().collect::<Vec<_>>()
    };
    golden("doctor-at-rest.txt", &catalogue, resting());
}

/// What reached a VM before it was paused reaches it no more.
#[test]
fn a_paused_machine_is_not_called_reachable() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    for (power, expected) in [(Power::Running, true), (Power::Paused, false)] {
        let mut vm = healthy(&catalogue, "web", picks(&evidence).swap_remove(0));
        vm.diagnosis = ailing(&catalogue, "web", "").diagnosis;
        vm.power = power;
        vm.findings.retain(|finding| finding.code != FindingCode::AddressNotReached);
        let state = State::Absent("it answers a ping".to_owned());
        vm.findings.push(Finding { code: FindingCode::AddressNotReached, state });
        let report = doctor(&catalogue, vec![vm], "");
        let screen = text(|out| report.write_text(out, terminal(90)));
        assert_eq!(screen.contains("reachable, with a problem"), expected, "{screen}");
        assert!(screen.contains("with a problem"), "{screen}");
    }
}

/// Nobody could look at its process: neither its address nor its process is missing.
#[test]
fn a_machine_of_unknown_state_is_not_said_to_lack_anything() {
    let catalogue = Catalogue::builtin().unwrap();
    let causes = ailing(&catalogue, "web", "").diagnosis;
    let unknown = Diagnosis::unknown("whether the VM runs is unknown".to_owned());
    for diagnosis in [unknown, causes] {
        let vm = healthy(&catalogue, "web", Pick::not_running());
        let vm = DoctorVm { power: Power::Unknown, diagnosis, ..vm };
        let report = doctor(&catalogue, vec![vm], "");
        let screen = text(|out| report.write_text(out, terminal(90)));
        assert!(screen.starts_with("web: unknown whether it runs\n"), "{screen}");
        let page = text(|out| report.write_html(out));
        assert!(page.contains("unknown whether it runs</span>"), "{page}");
        let document = text(|out| report.write_json(out));
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let vm = &document["vms"][0];
        assert_eq!((&vm["verdict"], &vm["power"]), (&"not-checked".into(), &().into()));
    }
}

/// The heading follows the finding: an address of an earlier boot is of no use.
#[test]
fn the_heading_has_no_address_that_the_reasons_call_useless() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    let code = FindingCode::AddressMissing;
    let present = State::Present("it may be from an earlier boot".to_owned());
    let absent = State::Absent("it has one".to_owned());
    for (state, expected) in [(present, true), (absent, false)] {
        let mut vm = healthy(&catalogue, "web", picks(&evidence).swap_remove(0));
        vm.diagnosis = ailing(&catalogue, "web", "").diagnosis;
        vm.findings.retain(|finding| finding.code != code);
        vm.findings.push(Finding { code, state });
        let report = doctor(&catalogue, vec![vm], "");
        let screen = text(|out| report.write_text(out, terminal(90)));
        assert_eq!(screen.starts_with("web: no usable address\n"), expected, "{screen}");
        let page = text(|out| report.write_html(out));
        assert_eq!(page.contains("no usable address</span>"), expected, "{page}");
    }
}

/// The machines of a report as its document has them: name, health, power, what is awaited.
#[test]
fn the_document_has_health_power_and_boot_of_each_machine() {
    let catalogue = Catalogue::builtin().unwrap();
    let evidence = world();
    let pick = || picks(&evidence).swap_remove(0);
    let vms = vec![
        at_rest(&catalogue, "off", Power::Stopped),
        healthy(&catalogue, "db", pick()),
        booting(&catalogue, "web", pick(), ""),
        ailing(&catalogue, "zoo", ""),
    ];
    let rests = vms[..2].to_vec();
    let boots = vms[..3].to_vec();
    let document = text(|out| doctor(&catalogue, vms.clone(), "").write_json(out));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let row = |vm: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let healthy = vm["healthy"].as_bool().unwrap();
        (text(&vm["name"]), healthy, text(&vm["power"]), text(&vm["booting"]["awaits"]))
    };
    let rows: Vec<_> = document["vms"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        ("off", true, "stopped", "-"),
        ("db", true, "running", "-"),
        ("web", false, "running", "ssh"),
        ("zoo", false, "running", "-"),
    ];
    let expected = expected.map(|(name, healthy, power, awaits)| {
        (name.to_owned(), healthy, power.to_owned(), awaits.to_owned())
    });
    assert_eq!(rows, expected);
    let report = doctor(&catalogue, vec![ignored(&catalogue, "web", "")], "");
    assert_eq!(report.conclusion(), vmkit_report::Conclusion::Healthy);
    // Who is asked for the exit status: all is well, nobody can tell yet, a cause is named.
    for (vms, healthy, cannot_tell) in
        [(rests, true, false), (boots, false, true), (vms, false, false)]
    {
        let report = doctor(&catalogue, vms, "");
        assert_eq!((report.is_healthy(), report.cannot_tell()), (healthy, cannot_tell));
    }
}

#[test]
fn no_text_controls_the_terminal() {
    let hostile = "x\x1b[2J\x1b]0;t\x07\r\nfake: well\t\u{9b}31m\u{7f}\u{202e}\u{200b}\u{2028}\0";
    let catalogue = Catalogue::builtin().unwrap();
    for style in [Style::Plain, Style::Colour] {
        let mut vm = ailing(&catalogue, hostile, hostile);
        vm.diagnosis.next_test.as_mut().unwrap().command.push(hostile.to_owned());
        vm.diagnosis.causes[0].remedies[0].command.push(hostile.to_owned());
        let nothing = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
        let known = ignored(&catalogue, hostile, hostile);
        let vms = vec![vm, known, booting(&catalogue, hostile, nothing, hostile)];
        let report = doctor(&catalogue, vms, hostile);
        let terminal = Terminal { style, ..terminal(90) };
        let written = [
            text(|out| report.write_text(out, terminal)),
            text(|out| report.write_explanation(out, terminal)),
            text(|out| report.write_short(out)),
            text(|out| report.write_json(out)),
        ];
        for found in written {
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
