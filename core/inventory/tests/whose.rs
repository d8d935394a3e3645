//! Whose a process is that names a machine's files.

mod support;

use std::{
    fs,
    time::{Duration, SystemTime},
};

use support::{Data, Fake, of};
use vmkit_inventory::{Depth, derived_mac};
use vmkit_model::{Power, ProcessDoubt};
use vmkit_types::Reading;

/// A user who is neither root nor the one who runs the tests.
const ELSE: u32 = 41_002;

#[test]
fn believes_no_process_of_another_user() {
    let data = Data::new();
    let web = data.machine("web");
    let own = Data::qemu(&web, "-device virtio-net,mac=52:54:00:ee:ee:ee -qmp unix:/e/web.qmp");
    let relative = "qemu-system-x86_64 -drive file=web.qcow2";
    let later = SystemTime::now() + Duration::from_hours(1);
    let fake = Fake::default;
    let doubt = Some(ProcessDoubt::OfAnotherUser);
    let rows = [
        ("its files", None, fake().with(17, &own).by(ELSE), (Power::Unknown, None), doubt),
        (
            "in the pid file",
            Some("17"),
            fake().with(17, &own).by(ELSE),
            (Power::Unknown, None),
            doubt,
        ),
        (
            "beside the machine's own",
            None,
            fake().with(17, &own).by(ELSE).with(18, &Data::qemu(&web, "-m 1")),
            (Power::Running, Some(18)),
            None,
        ),
        (
            "of the same number as in the pid file",
            Some("17"),
            fake().with(17, "qemu-system-x86_64 -m 1").by(ELSE),
            (Power::Stopped, None),
            None,
        ),
        ("relative names", None, fake().with(17, relative).by(ELSE), (Power::Stopped, None), None),
        (
            "relative names, started after the pid file",
            Some("17"),
            fake().with(17, relative).since(later),
            (Power::Unknown, None),
            None,
        ),
        (
            "a QEMU of its own user, started after the pid file",
            Some("17"),
            fake().with(17, "qemu-system-x86_64 -m 1").since(later),
            (Power::Stopped, None),
            None,
        ),
    ];
    for (case, pid_file, platform, expected, doubt) in rows {
        let path = web.join("web.pid");
        match pid_file {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap_or(()),
        }
        let inventory = data.read(&platform, Depth::WithQmp);
        let found = of(&inventory, "web");
        assert_eq!((found.power, found.pid), expected, "{case}");
        assert_eq!(found.doubt, doubt, "{case}");
        assert_eq!(found.cards.first.mac, Reading::Known(derived_mac("web")), "{case}");
        assert_eq!(found.monitor.is_some(), found.pid.is_some(), "{case}");
        let says = |problem: &vmkit_model::Problem| problem.message.contains("another user");
        assert_eq!(inventory.problems.iter().any(says), doubt.is_some(), "{case}");
    }
}
