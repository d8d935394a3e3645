//! Runs signals on a fake host.

use std::{io::Write as _, net::IpAddr};

use tempfile::NamedTempFile;
use vmkit_plugin::{Mac, Signal, Stage, Subject};
use vmkit_testkit::FakeHost;

/// The VM in the corpus.
pub fn web() -> Subject {
    Subject {
        name: "web".to_owned(),
        macs: vec![Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57])],
        hostname: Some("web".to_owned()),
        has_console: true,
        ..Subject::default()
    }
}

/// A temporary file with these bytes.
///
/// # Panics
/// The file cannot be written.
pub fn artefact(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for a temporary file");
    file
}

/// Lets the plugin discover [`web`].
pub fn discover<P: Signal>(host: &FakeHost) {
    observe::<P>(host, &web());
}

/// Lets the plugin confirm two candidates of [`web`].
pub fn confirm<P: Signal>(host: FakeHost) {
    let candidates = vec![IpAddr::from([192, 168, 1, 64]), IpAddr::from([192, 168, 1, 65])];
    observe::<P>(&host.at_stage(Stage::Confirm), &Subject { candidates, ..web() });
}

fn observe<P: Signal>(host: &FakeHost, vm: &Subject) {
    let report = host.observe::<P>("{}", std::slice::from_ref(vm));
    // The SDK turns a panic into an error with this text.
    let panic = report.result.err().filter(|error| error.message.starts_with("panicked: "));
    assert_eq!(panic, None);
    assert!(report.observations.iter().all(|seen| seen.vm == 0), "an observation of an unknown VM");
}
