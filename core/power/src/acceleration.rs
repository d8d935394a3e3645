//! What runs a guest's processor on this computer.

use std::{fs::OpenOptions, io::ErrorKind};

use crate::plan::{Acceleration, Architecture};

/// The device of Linux's KVM.
const KVM: &str = "/dev/kvm";

/// What is best for machines of this architecture, and why it is not the fast one. [`crate::start`] falls back to
/// TCG where QEMU cannot use what is chosen here.
pub fn acceleration(architecture: Architecture) -> (Acceleration, Option<String>) {
    let is_own = Architecture::of_this_computer() == Some(architecture);
    if cfg!(target_os = "macos") {
        return chosen(architecture, is_own, Acceleration::Hvf, Ok(()));
    }
    // QEMU opens it in the same way.
    let opened = OpenOptions::new().read(true).write(true).open(KVM);
    let opened = opened.map(drop).map_err(|error| error.kind());
    chosen(architecture, is_own, Acceleration::Kvm, opened)
}

fn chosen(
    architecture: Architecture,
    is_own: bool,
    fast: Acceleration,
    opened: Result<(), ErrorKind>,
) -> (Acceleration, Option<String>) {
    let why = match opened {
        _ if !is_own => format!("this computer's processor is not {}", architecture.word()),
        Ok(()) => return (fast, None),
        Err(ErrorKind::NotFound) => format!(
            "{KVM} does not exist: virtualisation is off in this computer's firmware, or this computer is itself a VM"
        ),
        Err(ErrorKind::PermissionDenied) => {
            format!("{KVM} may not be opened: add yourself to the group kvm, and log in again")
        }
        Err(kind) => format!("{KVM} cannot be opened: {kind}"),
    };
    (Acceleration::Tcg, Some(format!("QEMU emulates the processor, which is slow: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_the_fast_way_or_says_why_not() {
        use Acceleration::{Hvf, Kvm, Tcg};
        use Architecture::{Aarch64, X86_64};
        let rows = [
            (X86_64, true, Kvm, Ok(()), (Kvm, None)),
            (Aarch64, true, Hvf, Ok(()), (Hvf, None)),
            (X86_64, false, Hvf, Ok(()), (Tcg, Some("this computer's processor is not x86_64"))),
            (X86_64, true, Kvm, Err(ErrorKind::NotFound), (Tcg, Some("/dev/kvm does not exist"))),
            (
                X86_64,
                true,
                Kvm,
                Err(ErrorKind::PermissionDenied),
                (Tcg, Some("/dev/kvm may not be opened: add yourself to the group kvm")),
            ),
            (
                X86_64,
                true,
                Kvm,
                Err(ErrorKind::ResourceBusy),
                (Tcg, Some("/dev/kvm cannot be opened: resource busy")),
            ),
        ];
        for (architecture, is_own, fast, opened, (expected, part)) in rows {
            let (found, why) = chosen(architecture, is_own, fast, opened);
            assert_eq!(found, expected, "{why:?}");
            assert_eq!(why.is_some(), part.is_some(), "{why:?}");
            if let (Some(why), Some(part)) = (why, part) {
                assert!(why.contains(part), "{why}");
            }
        }
    }
}
