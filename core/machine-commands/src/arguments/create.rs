//! Arguments of `vm create`.

use std::path::PathBuf;

use clap::Args;
use vmkit_machines::{Size, UserName};
use vmkit_types::Mac;

use super::{network::NetworkArguments, values};

/// Processors that can be asked for; more than QEMU's machines take is refused by QEMU itself.
const MOST_CPUS: i64 = 1024;

/// `vm create`.
#[derive(Debug, Args)]
#[command(after_help = CREATE_HELP)]
pub struct Create {
    /// The name of the new VM, which becomes its host name too
    #[arg(value_name = "NAME")]
    pub new_name: String,
    /// A cloud image with cloud-init, in the format qcow2 or raw
    #[arg(long, value_name = "FILE")]
    pub image: PathBuf,
    /// The size of its disk, such as 20G [default: that of the image]
    #[arg(long, value_name = "SIZE")]
    pub disk: Option<Size>,
    /// Its memory: MiB, or such as 2G
    #[arg(long, value_name = "MIB|SIZE", default_value = "2048", value_parser = values::memory)]
    pub memory: u64,
    /// Its processors
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST_CPUS))]
    pub cpus: u32,
    /// The user to log in as, who may use sudo [default: the image's usual one]
    #[arg(long, value_name = "NAME")]
    pub user: Option<UserName>,
    /// A public SSH key for the user: a file, or the line itself; can be given more than once
    /// [default: those of ~/.ssh]
    #[arg(long = "ssh-key", value_name = "FILE|KEY")]
    pub ssh_keys: Vec<String>,
    /// The MAC of its card [default: made from the name, as vm-toolkit does]
    #[arg(long, value_name = "MAC", value_parser = values::mac)]
    pub mac: Option<Mac>,
    /// Its network.
    #[command(flatten)]
    pub network: NetworkArguments,
}

const CREATE_HELP: &str = "\
The VM gets a copy of the image, as the base of its disk. Its guest gets its settings from a cloud-init \
seed, and its user logs in with the key alone. Next: vm start NAME";
