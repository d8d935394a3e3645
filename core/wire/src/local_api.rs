//! Services of managers on this computer, which the host asks for an inventory.

use serde::{Deserialize, Serialize};

/// A request to a service that listens at a socket of this computer, by GET.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LocalApi {
    /// Absolute path of the socket.
    pub socket: String,
    /// What is requested, from the `/` on.
    pub path: String,
}

/// All instances of all projects, with what each is doing.
const INSTANCES: &str = "/1.0/instances?recursion=2&all-projects=true";

/// All requests that the host makes. A row is added only if the request reads, and only root can put the
/// socket there: a service such as a container engine's would hand over more than machines.
const KNOWN: [(&str, &str); 4] = [
    ("/var/lib/incus/unix.socket", INSTANCES),
    ("/run/incus/unix.socket", INSTANCES),
    ("/var/snap/lxd/common/lxd/unix.socket", INSTANCES),
    ("/var/lib/lxd/unix.socket", INSTANCES),
];

impl LocalApi {
    /// Whether it is one of the requests that the host makes.
    pub(crate) fn is_known(&self) -> bool {
        KNOWN.contains(&(self.socket.as_str(), self.path.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;

    #[test]
    fn an_inventory_may_declare_reviewed_requests_alone() {
        let incus = "/var/lib/incus/unix.socket";
        let rows = [
            ("inventory", incus, INSTANCES, ""),
            ("signal", incus, INSTANCES, "only an inventory asks managers"),
            ("inventory", incus, "/1.0/certificates", "reviewed requests alone"),
            ("inventory", incus, "/1.0/instances", "reviewed requests alone"),
            ("inventory", "/run/docker.sock", INSTANCES, "reviewed requests alone"),
            (
                "inventory",
                "/var/lib/../lib/incus/unix.socket",
                INSTANCES,
                "reviewed requests alone",
            ),
        ];
        for (kind, socket, path, expected) in rows {
            let needs = serde_json::json!({"local_api": [{"socket": socket, "path": path}]});
            let manifest = serde_json::json!({
                "id": "a", "version": "1", "epoch": 1, "kinds": [kind], "needs": needs,
            });
            match manifest.to_string().parse::<Manifest>() {
                Ok(manifest) => {
                    assert_eq!(expected, "", "{kind} {socket} {path}");
                    assert!(manifest.needs.declares_api(socket, path));
                    assert!(!manifest.needs.declares_api(socket, "/1.0"));
                    let words = manifest.needs_in_words(|page| page.path.clone());
                    assert!(words.contains(&format!("learns what {socket} answers to {path}")));
                }
                Err(error) => assert!(error.to_string().contains(expected), "{error}"),
            }
        }
    }
}
