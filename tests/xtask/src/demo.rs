//! `cargo xtask demo`: a bridged VM without an address, the cause, and the fix.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{command, stage, stage::Profile, test::prepare_lab, workspace::Workspace};

/// The commands to show if no guest can run.
const COMMANDS: &[&[&str]] = &[&["status"], &["status", "--explain"], &["status", "--json"]];

/// Shows the commands on a real guest, or on the bundled data directory.
pub(crate) fn demo(workspace: &Workspace) -> anyhow::Result<()> {
    let prefix = stage::stage(workspace, Profile::Debug)?;
    match prepare_lab() {
        Ok(()) => on_real_guest(prefix),
        Err(why) => {
            println!("\n!!! no real guest here: {why:#}");
            println!("!!! showing a bundled data directory without running VMs instead");
            on_bundled_directory(workspace, &prefix)
        }
    }
}

#[cfg(target_os = "linux")]
fn on_real_guest(prefix: PathBuf) -> anyhow::Result<()> {
    use vmkit_lab::{GuestKind, GuestPlan, Lab, Stage};

    println!(
        "\nA router with DHCP that answers like a BT Smart Hub 2; an access point; a host with"
    );
    println!(
        "its Wi-Fi in a bridge: each a network namespace. A real Linux guest in QEMU on the bridge."
    );
    let mut lab = Lab::with(Stage::at(prefix)?, "demo")?;
    lab.use_defaults();
    let _hub = vmkit_lab::serve_hub(&lab)?;
    let config = lab.folder().join("config.toml");
    fs::write(&config, "[interfaces.en0]\nkind = \"wifi\"\n").context("cannot write the config")?;
    let config = config.display().to_string();
    let plan = GuestPlan::new("web", GuestKind::Machine).with_kernel_words("linklocal");
    let address = std::net::Ipv4Addr::new(192, 168, 77, 50);
    lab.router().reserve(plan.mac(), address)?;
    let vm = |lab: &Lab, arguments: &[&str]| {
        let whole = [&["--config", &config], arguments].concat();
        show(arguments, &mut lab.vm_command(&whole))
    };

    println!(
        "\n-- The access point drops frames of MACs that are not associated. The guest starts."
    );
    let filter = "table bridge ap {\nchain filt {\ntype filter hook forward priority 0\n\
                  iifname \"ap-sta\" ether saddr != HOST counter drop\n}\n}\n";
    let host = lab.host().ip("-o link show en0")?;
    let mac = host.split_whitespace().skip_while(|word| *word != "link/ether").nth(1);
    let filter = filter.replace("HOST", mac.context("en0 shows no MAC")?);
    vmkit_lab::run(lab.access_point().command("nft").arg(&filter))?;
    // The bridge's MAC is associated; on macOS it is the Wi-Fi's.
    lab.host().ip(&format!("link set br0 address {}", mac.unwrap_or_default()))?;
    let guest = lab.start(&plan)?;
    println!("waiting until the guest has assigned itself 169.254.x.x");
    guest.wait_for_console("claimed IP address 169.254.")?;
    vm(&lab, &["status"])?;
    vm(&lab, &["doctor", "web", "--yes", "--wait", "20"])?;

    println!("\n-- The filter is removed, and the guest asks again.");
    vmkit_lab::run(lab.access_point().command("nft").args(["delete", "table", "bridge", "ap"]))?;
    guest.reset()?;
    lab.wait_for_lease(&guest, address)?;
    lab.greet(address)?;
    vm(&lab, &["doctor", "web"])?;
    vm(&lab, &["status"])?;
    vm(&lab, &["status", "--explain"])?;
    vm(&lab, &["status", "--json"])
}

#[cfg(not(target_os = "linux"))]
fn on_real_guest(_: PathBuf) -> anyhow::Result<()> {
    anyhow::bail!("network namespaces need Linux")
}

fn on_bundled_directory(workspace: &Workspace, prefix: &Path) -> anyhow::Result<()> {
    let directory = lay_out_bundle(&workspace.target().join("demo"))?;
    for arguments in COMMANDS {
        let mut vm = Command::new(prefix.join("bin/vm"));
        show(arguments, vm.arg("--data-dir").arg(&directory).args(*arguments))?;
    }
    Ok(())
}

/// Copies the bundled directory, since its registry names folders by absolute path.
fn lay_out_bundle(to: &Path) -> anyhow::Result<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo-data");
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    command::run(Command::new("cp").arg("-R").arg(from.join(".")).arg(to))?;
    let registry = to.join(".vm-registry.json");
    let text =
        fs::read_to_string(from.join("registry.json")).context("cannot read the registry")?;
    let text = text.replace("@DATA_DIR@", &to.to_string_lossy());
    fs::write(&registry, text).with_context(|| format!("cannot write {}", registry.display()))?;
    Ok(to.to_owned())
}

/// Prints the command as a user types it, then its output. Exit statuses 1 and 3 are answers, not
/// failures.
fn show(arguments: &[&str], command: &mut Command) -> anyhow::Result<()> {
    println!("\n$ vm {}", arguments.join(" "));
    std::io::stdout().flush().context("cannot print")?;
    let status = command.status().context("cannot start vm")?;
    anyhow::ensure!(status.code().is_some_and(|code| code != 2), "vm ended with {status}");
    Ok(())
}
