//! Configures the system's resolver. The broker makes path and contents itself, from a domain and a
//! loopback address.

use std::{net::IpAddr, path::Path};

use vmkit_resolver::{Objection, Suffix, installed, plan, remove, write};
use vmkit_rights::{Refusal, ResolverReply, run_command};

/// Makes systemd-resolved read its files.
const SYSTEMCTL: &str = "/usr/bin/systemctl";
const RESTART: [&str; 2] = ["restart", "systemd-resolved"];

/// Makes the resolver ask this server for names below the domain, or, without a server, no longer.
pub(crate) fn change(suffix: &str, server: Option<IpAddr>) -> Result<ResolverReply, Refusal> {
    let suffix: Suffix =
        suffix.parse().map_err(|error| Refusal::denied(format!("{suffix:?}: {error}")))?;
    if !is_private(&suffix.to_string()) {
        return Err(Refusal::denied(format!(
            "{suffix} may be a domain of others; choose one below {}",
            PRIVATE.join(", ")
        )));
    }
    match server {
        Some(server) => install(&suffix, server),
        None => uninstall(&suffix),
    }
}

/// Domains that belong to nobody: RFC 2606 and 6761 (`test`), RFC 8375 (`home.arpa`), ICANN's `internal`,
/// and those that networks use for themselves by RFC 6762, appendix G.
const PRIVATE: [&str; 8] =
    ["test", "internal", "home.arpa", "lan", "home", "corp", "private", "intranet"];

fn is_private(suffix: &str) -> bool {
    PRIVATE.iter().any(|domain| {
        suffix.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

fn install(suffix: &Suffix, server: IpAddr) -> Result<ResolverReply, Refusal> {
    let setting = plan(suffix, server).map_err(|objection| refusal(&objection))?;
    write(&setting).map_err(|objection| refusal(&objection))?;
    Ok(ResolverReply { files: vec![setting.path], restarted: restart() })
}

fn uninstall(suffix: &Suffix) -> Result<ResolverReply, Refusal> {
    let files = installed(suffix).map_err(|objection| refusal(&objection))?;
    for file in &files {
        remove(file).map_err(|objection| refusal(&objection))?;
    }
    let restarted = if files.is_empty() { None } else { restart() };
    Ok(ResolverReply { files, restarted })
}

fn refusal(objection: &Objection) -> Refusal {
    let denied = !matches!(objection, Objection::System { .. });
    Refusal { denied, message: objection.to_string() }
}

/// Makes the resolver read its files. `None`: it does so by its own.
fn restart() -> Option<Result<(), String>> {
    if cfg!(target_os = "macos") {
        return None;
    }
    let ran = run_command(Path::new(SYSTEMCTL), &RESTART.map(str::to_owned), &[]);
    Some(match ran {
        Ok(result) if result.status == Some(0) => Ok(()),
        Ok(result) if result.timed_out => Err("it did not end before the deadline".to_owned()),
        Ok(result) => Err(result.output.trim().to_owned()),
        Err(error) => Err(format!("{SYSTEMCTL}: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolver_is_pointed_elsewhere_for_private_domains_alone() {
        for suffix in ["com", "arpa", "example.org", "latest", "nothome.arpa", "testing"] {
            let refused = change(suffix, None).expect_err(suffix);
            assert!(refused.denied, "{suffix}: {refused}");
        }
        for suffix in ["test", "vm.test", "home.arpa", "vm.home.arpa", "lan"] {
            assert!(is_private(suffix), "{suffix}");
        }
    }
}
