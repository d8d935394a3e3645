//! What no plugin reads in a home directory.

/// Places of home that hold keys, passwords, histories, mail or browsers' data, in small letters. A `*`
/// stands for characters within one name.
const SECRETS: [&str; 102] = [
    // SSH, GnuPG, certificates, and stores of passwords.
    ".ssh",
    ".gnupg",
    ".pki",
    ".password-store",
    ".local/share/keyrings",
    ".local/share/gnupg",
    ".local/share/kwalletd",
    ".gnome2/keyrings",
    ".kde*/share/apps/kwallet",
    ".config/keepassxc",
    ".config/bitwarden*",
    ".config/1password",
    ".config/op",
    ".config/sops",
    ".config/age",
    ".1password",
    ".xauthority",
    ".iceauthority",
    ".vault-token",
    ".putty",
    ".config/putty",
    "library/keychains",
    "library/group containers/*1password*",
    // Clouds and clusters.
    ".aws",
    ".azure",
    ".kube",
    ".oci",
    ".boto",
    ".s3cfg",
    ".terraform.d",
    ".docker",
    ".fly",
    ".config/gcloud",
    ".config/doctl",
    ".config/openstack",
    ".terraformrc",
    ".config/hcloud",
    ".config/linode-cli",
    ".config/rclone",
    ".config/containers/auth.json",
    // Forges, registries, and tools that keep tokens.
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".config/git",
    ".git-credentials",
    ".gitconfig",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials*",
    ".gem/credentials",
    ".m2",
    ".gradle",
    ".pgpass",
    ".authinfo*",
    ".my.cnf",
    ".mylogin.cnf",
    ".ansible",
    ".wgetrc",
    ".curlrc",
    // Browsers.
    ".mozilla",
    ".config/google-chrome*",
    ".config/chromium*",
    ".config/bravesoftware",
    ".config/microsoft-edge*",
    ".config/opera*",
    ".config/vivaldi*",
    ".var/app/*firefox*",
    ".var/app/*chrom*",
    ".var/app/*rave*",
    ".var/app/*thunderbird*",
    "snap/firefox",
    "snap/chromium",
    "snap/thunderbird",
    "library/safari",
    "library/cookies",
    "library/httpstorages",
    "library/containers/com.apple.safari*",
    "library/application support/firefox",
    "library/application support/google",
    "library/application support/chromium",
    "library/application support/bravesoftware",
    "library/application support/microsoft edge*",
    // Mail and messages.
    ".thunderbird",
    ".config/signal",
    ".config/evolution",
    ".local/share/evolution",
    ".local/share/telegramdesktop",
    "library/mail",
    "library/messages",
    "library/application support/signal",
    "library/application support/addressbook",
    "library/application support/com.apple.tcc",
    // Histories of shells.
    ".*_history",
    ".histfile",
    ".local/share/fish",
    ".zsh_sessions",
    // Keys that managers made for their machines.
    ".config/libvirt/secrets",
    ".lima/_config/user",
    ".colima/_lima/_config/user",
    ".local/share/containers/podman/machine/machine",
    ".vagrant.d/insecure_private_key*",
];

/// Names of files that hold keys and passwords, wherever they lie.
const KEYS: [&str; 22] = [
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    "id_*.old",
    "id_*.bak",
    "id_*.orig",
    "*_rsa",
    "*_dsa",
    "*_ecdsa",
    "*_ed25519",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.ppk",
    "*.jks",
    "clouds.yaml",
    "secure.yaml",
];

/// Words in the names of files that hold secrets, wherever they lie. A pattern may fit such a name by its
/// `*`: what it leads to is looked at when it is opened.
const WORDS: [&str; 5] = ["history", "password", "credentials", "token", "kubeconfig"];

/// Endings of files that managers name after machines, which may be called `token-server`.
const NAMED_AFTER_MACHINES: [&str; 5] = [".vbox", ".vmx", ".xml", ".ports", ".log"];

/// Where the kernel shows processes, itself and devices.
const OF_KERNEL: [&str; 3] = ["/proc/", "/sys/", "/dev/"];

/// Whether a path below the home directory, or a pattern of such paths, can stand for a file with a
/// secret. Case does not count, as on many disks of macOS.
pub fn may_be_secret(below_home: &str) -> bool {
    let parts: Vec<String> = below_home.split('/').map(folded).collect();
    has_secret_name(&parts) || is_secret_place(&parts)
}

/// Whether the file at this real path can hold a secret, in whichever home directory it lies.
pub fn is_secret_path(path: &str) -> bool {
    let parts: Vec<String> = path.split('/').map(folded).collect();
    OF_KERNEL.iter().any(|place| path.starts_with(place))
        || has_secret_name(&parts)
        || (0..parts.len()).any(|start| is_secret_place(&parts[start..]))
}

fn has_secret_name(parts: &[String]) -> bool {
    let Some(name) = parts.last() else { return false };
    let is_after_machine = NAMED_AFTER_MACHINES.iter().any(|ending| name.ends_with(ending));
    KEYS.iter().any(|key| overlap(key, name))
        || (!is_after_machine && WORDS.iter().any(|word| name.contains(word)))
}

fn is_secret_place(parts: &[String]) -> bool {
    SECRETS.iter().any(|secret| {
        let mut own = parts.iter();
        secret.split('/').all(|part| own.next().is_some_and(|own| overlap(part, own)))
    })
}

/// As disks compare that ignore case: by capitals first, since `ſ` is a small `S`.
fn folded(part: &str) -> String {
    part.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether some name fits both, each with a `*` or several.
fn overlap(one: &str, other: &str) -> bool {
    match (one.split_once('*'), other.split_once('*')) {
        (None, None) => one == other,
        (Some(_), None) => stands_for(one, other),
        (None, Some(_)) => stands_for(other, one),
        (Some((one_start, _)), Some((other_start, _))) => {
            let end = |pattern: &str| pattern.rsplit('*').next().unwrap_or_default().to_owned();
            let (one_end, other_end) = (end(one), end(other));
            (one_start.starts_with(other_start) || other_start.starts_with(one_start))
                && (one_end.ends_with(&other_end) || other_end.ends_with(&one_end))
        }
    }
}

/// Whether a name is this pattern with each `*` replaced.
fn stands_for(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.any(|at| stands_for(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_refused_however_they_are_written() {
        let secret = [
            ".ssh/id_ed25519",
            ".ssh/*.conf",
            ".SSH/config",
            ".\u{17f}\u{17f}h/config",
            ".gnupg/x",
            ".aws/credentials",
            ".kube/config",
            ".config/gh/hosts.yml",
            ".config/g*/hosts.yml",
            ".config/BRAVE*/x/state.json",
            ".bash_history",
            ".var/app/org.mozilla.firefox/x.sqlite",
            "Library/Keychains/login.keychain-db",
            "Library/Application Support/Google/Chrome/Default/Cookies",
            "vms/*/id_rsa",
            "vms/web/ID_ED25519",
            "vms/*/*.pem",
            "vms/*/server*.key",
            ".lima/_config/user",
            ".lima/_c*/user",
            ".Xauthority",
            ".ICEauthority",
            ".config/openstack/x.yaml",
            ".config/libvirt/secrets/x.xml",
            ".authinfo.gpg",
            ".terraformrc",
            ".terraform.d/x",
            ".histfile",
            ".zhistory",
            ".local/state/bash/history",
            ".netrc",
            ".crc/machines/crc/kubeconfig",
            ".crc/machines/crc/kubeadmin-password",
            "vms/web/clouds.yaml",
            "vms/web/credentials.json",
            "vms/web/Access_Tokens.db",
            "vms/web/deploy_ed25519",
            "vms/*/id_rsa.old",
        ];
        let open = [
            ".lima/web/lima.yaml",
            ".lima/*/lima.yaml",
            ".lima/_config/networks.yaml",
            ".config/VirtualBox/VirtualBox.xml",
            "VirtualBox VMs/*/*.vbox",
            ".config/libvirt/qemu/*.xml",
            ".local/share/containers/podman/machine/qemu/*.json",
            ".minikube/machines/*/config.json",
            "Library/Containers/com.utmapp.UTM/Data/Documents/*.utm/config.plist",
            ".sshx/config",
            "vms/*/keys.json",
            ".crc/machines/crc/id_*.pub",
            ".lima/*/serial*.log",
            "VirtualBox VMs/token-server/token-server.vbox",
            ".config/libvirt/qemu/password-vault.xml",
            "quickemu/*/*.ports",
        ];
        for path in secret {
            assert!(may_be_secret(path), "{path}");
        }
        for path in open {
            assert!(!may_be_secret(path), "{path}");
        }
    }

    #[test]
    fn a_secret_is_known_at_any_real_path() {
        let rows = [
            ("/home/ann/.ssh/id_ed25519", true),
            ("/home/ann/.ssh/config", true),
            ("/Users/ann/Library/Keychains/login.keychain-db", true),
            ("/srv/backup/ann/.aws/config", true),
            ("/srv/keys/id_rsa", true),
            ("/proc/1/environ", true),
            ("/sys/kernel/notes", true),
            ("/dev/mem", true),
            ("/home/ann/vms/web/console.log", false),
            ("/home/ann/.lima/web/serial.log", false),
            ("/home/ann/VirtualBox VMs/history/history.log", false),
            ("/var/log/libvirt/qemu/web-serial0.log", false),
        ];
        for (path, expected) in rows {
            assert_eq!(is_secret_path(path), expected, "{path}");
        }
    }
}
