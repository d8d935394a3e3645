//! The distribution family of this computer.

use std::fs;

use vmkit_lab::Requirement;

/// Distributions with one set of package names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Packages by apt, which also provide the guests' kernel.
    Debian,
    /// Packages by dnf.
    Fedora,
    /// Packages by pacman.
    Arch,
    /// Unknown package names.
    Other,
}

impl Family {
    pub(super) fn of_this_machine() -> Self {
        Self::from_os_release(&fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// From `ID` and `ID_LIKE` of os-release(5).
    fn from_os_release(text: &str) -> Self {
        let value = |line: &str| {
            let (key, value) = line.split_once('=')?;
            matches!(key, "ID" | "ID_LIKE").then(|| value.trim_matches(['"', '\'']).to_owned())
        };
        let ids: Vec<String> = text.lines().filter_map(value).collect();
        let is =
            |names: &[&str]| ids.iter().flat_map(|id| id.split(' ')).any(|id| names.contains(&id));
        if is(&["debian", "ubuntu"]) {
            Self::Debian
        } else if is(&["fedora", "rhel"]) {
            Self::Fedora
        } else if is(&["arch"]) {
            Self::Arch
        } else {
            Self::Other
        }
    }

    /// The missing programs and the command that installs the family's packages for them.
    pub(super) fn advice(self, missing: &[Requirement]) -> String {
        let programs: Vec<_> = missing.iter().map(|requirement| requirement.program).collect();
        let programs = programs.join(", ");
        let package = |requirement: &Requirement| match self {
            Self::Debian => Some(requirement.debian),
            Self::Fedora => requirement.fedora,
            Self::Arch => requirement.arch,
            Self::Other => None,
        };
        let install = match self {
            Self::Debian => "apt-get install --no-install-recommends",
            Self::Fedora => "dnf install",
            Self::Arch => "pacman -S --needed",
            Self::Other => return format!("these programs are missing: {programs}"),
        };
        let packages: Vec<_> = missing.iter().filter_map(package).collect();
        let without: Vec<_> = missing
            .iter()
            .filter(|each| package(each).is_none())
            .map(|each| each.program)
            .collect();
        let mut parts = vec![format!("these programs are missing: {programs}")];
        if !packages.is_empty() {
            parts.push(format!("to get them: {install} {}", packages.join(" ")));
        }
        if !without.is_empty() {
            parts.push(format!("no package is known for {}", without.join(", ")));
        }
        if self != Self::Debian {
            parts.push(
                "the guests' kernel comes from Debian's packages, so guests run on Debian only"
                    .to_owned(),
            );
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use vmkit_lab::{REQUIREMENTS, Requirement};

    use super::Family;

    #[test]
    fn tells_the_family_from_os_release() {
        let rows = [
            ("PRETTY_NAME=\"Debian GNU/Linux 13\"\nID=debian\n", Family::Debian),
            ("ID=ubuntu\nID_LIKE=debian\n", Family::Debian),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Family::Debian),
            ("ID=fedora\n", Family::Fedora),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", Family::Fedora),
            ("ID=arch\n", Family::Arch),
            ("ID=manjaro\nID_LIKE=arch\n", Family::Arch),
            ("ID=nixos\nVARIANT=debian\n", Family::Other),
            ("", Family::Other),
        ];
        for (text, expected) in rows {
            assert_eq!(Family::from_os_release(text), expected, "{text}");
        }
    }

    #[test]
    fn names_the_packages_of_each_family() {
        let of = |program: &str| -> Requirement {
            *REQUIREMENTS.iter().find(|each| each.program == program).expect("a requirement")
        };
        let missing = [of("qemu-system-x86_64"), of("udhcpc")];
        let rows = [
            (Family::Debian, "apt-get install --no-install-recommends qemu-system-x86 udhcpc"),
            (Family::Fedora, "dnf install qemu-system-x86-core; no package is known for udhcpc"),
            (Family::Arch, "pacman -S --needed qemu-system-x86; no package is known for udhcpc"),
            (Family::Other, "these programs are missing: qemu-system-x86_64, udhcpc"),
        ];
        for (family, part) in rows {
            let advice = family.advice(&missing);
            assert!(advice.contains(part), "{advice}");
        }
    }
}
