//! Which machine a QEMU is that names its files relative to its working directory.

mod support;

use support::{Data, Fake, of};
use vmkit_inventory::Depth;
use vmkit_model::Power;
use vmkit_types::Reading;

#[test]
fn resolves_relative_names_from_the_directory_that_qemu_runs_in() {
    let data = Data::new();
    let web = data.machine("web");
    let fake = Fake::default;
    let table = [
        (
            "relative names alone, started in its directory",
            Fake { working_directory: Reading::Known(web.clone()), ..fake() }
                .with(17, "qemu-system-x86_64 -drive file=web.qcow2"),
            Power::Running,
            Some(17),
        ),
        (
            "relative names alone, started above its directory",
            Fake { working_directory: Reading::Known(data.path("vms")), ..fake() }
                .with(17, "qemu-system-x86_64 -qmp unix:./web/web.qmp,server"),
            Power::Running,
            Some(17),
        ),
        (
            "relative names alone, of a directory that is gone",
            Fake { working_directory: Reading::Known("/nonexistent".into()), ..fake() }
                .with(17, "qemu-system-x86_64 -drive file=web.qcow2"),
            Power::Unknown,
            None,
        ),
        (
            "relative names alone, started elsewhere",
            Fake { working_directory: Reading::Known(std::env::temp_dir()), ..fake() }
                .with(17, "qemu-system-x86_64 -drive file=web.qcow2"),
            Power::Stopped,
            None,
        ),
        (
            "relative names of a daemon, which has left the directory that it was started in",
            Fake { working_directory: Reading::Known("/".into()), ..fake() }
                .with(17, "qemu-system-x86_64 -daemonize -drive file=web.qcow2"),
            Power::Unknown,
            None,
        ),
    ];
    for (case, platform, power, pid) in table {
        let inventory = data.read(&platform, Depth::ProcessesOnly);
        let machine = of(&inventory, "web");
        assert_eq!((machine.power, machine.pid), (power, pid), "{case}");
    }
}
