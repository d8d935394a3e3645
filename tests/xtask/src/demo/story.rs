//! The story on real guests: a machine is made and started, has no address, and gets one in two ways; its
//! clone gets another; both are reached by name.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use vmkit_lab::{GuestKind, GuestPlan, Image, Lab, Login, Stage, wait_until};

use super::show::show;

/// The address that the router keeps for the machine.
const ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(192, 168, 77, 50);
/// Drops what comes through the host's Wi-Fi with another MAC than the host's.
const FILTER: &str = "table bridge ap {\nchain filt {\ntype filter hook forward priority 0\n\
                      iifname \"ap-sta\" ether saddr != HOST counter drop\n}\n}\n";

/// The guests of the story.
struct Guests {
    image: Image,
    about: &'static str,
    /// Their memory in MiB.
    memory: &'static str,
    /// Seconds in which one has noticed that nobody answers.
    unanswered: &'static str,
    /// Its console then says so.
    says: &'static str,
    /// Seconds in which two boot beside each other on a busy computer.
    boots: &'static str,
}

const SMALL: Guests = Guests {
    image: Image::Small,
    about: "The guests are a small Linux in QEMU that boots from a disk image.",
    memory: "256",
    unanswered: "20",
    says: "claimed IP address 169.254.",
    boots: "120",
};
const DEBIAN: Guests = Guests {
    image: Image::Debian,
    about: "The guests are a real Debian in QEMU, with cloud-init and OpenSSH.",
    memory: "512",
    unanswered: "90",
    says: "for Network to be Configured",
    boots: "300",
};

/// Tells the story with the staged `vm`.
pub(super) fn tell(prefix: PathBuf, full: bool) -> anyhow::Result<()> {
    let guests = if full { DEBIAN } else { SMALL };
    if full {
        println!(
            "\nThe image of a real Debian is made once, of Debian's packages: that takes minutes."
        );
    }
    let image = guests.image.path()?.display().to_string();
    println!(
        "\nA router with DHCP that answers like a BT Smart Hub 2; an access point; a host with"
    );
    println!("its Wi-Fi in a bridge: each a network namespace.\n{}", guests.about);
    let mut lab = Lab::with(Stage::at(prefix)?, "demo")?;
    lab.use_defaults();
    lab.expect_emulation()?;
    let _hub = vmkit_lab::serve_hub(&lab)?;
    lab.router().reserve(GuestPlan::new("web", GuestKind::Process).mac(), ADDRESS)?;
    let story = Story::new(&lab, &guests)?;
    let key = story.login.public_key().display().to_string();

    println!("\n-- A machine is made of an image.");
    let image = ["create", "web", "--image", &image, "--ssh-key", &key, "--user", "me"];
    story.well(&[&image[..], &["--memory", guests.memory, "--cpus", "1"]].concat())?;
    story.answer(&["net"])?;
    story.without_address()?;
    println!("\n-- One way out needs nothing of the router: a network of this computer's own.");
    story.well(&["restart", "web", "--net", "shared", "--wait", guests.boots])?;
    story.well(&["status"])?;
    story.well(&["ssh", "web", "--", "hostname"])?;
    println!("\n-- The access point now lets other MACs through, and bridged mode works.");
    story.lets_others_through()?;
    let bridged = ["restart", "web", "--net", "bridged", "--bridge", "br0", "--yes"];
    story.well(&[&bridged[..], &["--wait", guests.boots]].concat())?;
    story.well(&["doctor", "web"])?;
    println!("\n-- A clone has an address of its own.");
    story.well(&["stop", "web"])?;
    story.well(&["clone", "web", "api"])?;
    story.well(&["start", "web", "api", "--yes", "--wait", guests.boots])?;
    story.both_by_name()
}

struct Story<'a> {
    lab: &'a Lab,
    login: Login,
    guests: &'a Guests,
    config: String,
}

impl<'a> Story<'a> {
    fn new(lab: &'a Lab, guests: &'a Guests) -> anyhow::Result<Self> {
        let config = lab.folder().join("config.toml");
        fs::write(&config, "[interfaces.en0]\nkind = \"wifi\"\n")
            .context("cannot write the config")?;
        let (login, config) = (Login::new(lab)?, config.display().to_string());
        Ok(Self { lab, login, guests, config })
    }

    /// Shows a command and its answer, whatever that is.
    fn answer(&self, arguments: &[&str]) -> anyhow::Result<i32> {
        let whole = [&["--config", &self.config], arguments].concat();
        show(arguments, self.lab.vm_command(&whole).env("PATH", self.login.path()))
    }

    /// Shows a command that ends well.
    fn well(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let status = self.answer(arguments)?;
        ensure!(status == 0, "`vm {}` ended with {status}", arguments.join(" "));
        Ok(())
    }

    /// The machine starts behind an access point that drops its frames, and the doctor finds out.
    fn without_address(&self) -> anyhow::Result<()> {
        println!("\n-- The access point drops frames of MACs that are not associated.");
        let host = self.lab.host().ip("-o link show en0")?;
        let mac = host.split_whitespace().skip_while(|word| *word != "link/ether").nth(1);
        let mac = mac.context("en0 shows no MAC")?;
        let mut filter = self.lab.access_point().command("nft");
        vmkit_lab::run(filter.arg(FILTER.replace("HOST", mac)))?;
        // The bridge's MAC is associated; on macOS it is the Wi-Fi's.
        self.lab.host().ip(&format!("link set br0 address {mac}"))?;
        let start = ["start", "web", "--net", "bridged", "--bridge", "br0", "--yes", "--wait"];
        self.answer(&[&start[..], &[self.guests.unanswered]].concat())?;
        println!("waiting until the guest has given up");
        let console = self.lab.data_dir().join("vms/web/console.log");
        wait_until(Duration::from_mins(5), "the guest giving up", || {
            let said = fs::read(&console).unwrap_or_default();
            Ok(String::from_utf8_lossy(&said).contains(self.guests.says))
        })?;
        self.answer(&["status"])?;
        self.answer(&["doctor", "web", "--yes", "--wait", self.guests.unanswered]).map(drop)
    }

    fn lets_others_through(&self) -> anyhow::Result<()> {
        let mut table = self.lab.access_point().command("nft");
        vmkit_lab::run(table.args(["delete", "table", "bridge", "ap"]))?;
        Ok(())
    }

    fn both_by_name(&self) -> anyhow::Result<()> {
        self.well(&["status"])?;
        self.well(&["status", "--explain"])?;
        self.well(&["status", "--json"])?;
        let hosts = self.lab.folder().join("hosts");
        fs::write(&hosts, "127.0.0.1\tlocalhost\n").context("cannot write a hosts file")?;
        self.well(&["hosts-sync", "--file", &hosts.display().to_string(), "--apply"])?;
        self.well(&["ssh", "web", "--", "hostname"])?;
        self.well(&["ssh", "api", "--", "hostname"])
    }
}
