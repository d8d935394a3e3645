//! A real libvirt on the enclosed host.

use std::{
    fmt::Write as _,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use vmkit_types::Mac;

use crate::{
    Finished, LabError, Namespace, PATIENCE, Process, command::finish, enclosure::place,
    error::file_error, guest_kernel, initramfs, run, wait_until,
};

/// Without cgroups, which the enclosed host lacks, and without taking over the files of domains: the
/// guests' kernel belongs to all tests.
const QEMU_CONF: &str = "user = \"libvirt-qemu\"\ngroup = \"libvirt-qemu\"\n\
     dynamic_ownership = 0\nsecurity_driver = \"none\"\n\
     stdio_handler = \"file\"\ncgroup_controllers = []\nnamespaces = []\n";
const LIBVIRTD_CONF: &str = "auth_unix_rw = \"none\"\nunix_sock_group = \"root\"\n";

/// What Debian's package defines, with an address for the lab's domain `web`.
const DEFAULT_NETWORK: &str = "<network><name>default</name><bridge name='virbr0'/><forward/>\
     <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp>\
     <range start='192.168.122.2' end='192.168.122.254'/>\
     <host mac='52:54:00:4b:5e:57' ip='192.168.122.50'/></dhcp></ip></network>";

/// A running libvirtd and its files.
#[derive(Debug)]
pub struct Libvirt {
    daemon: Process,
    folder: PathBuf,
    enclosed: PathBuf,
}

/// A domain to be defined.
#[derive(Clone, Debug)]
pub struct Domain<'a> {
    /// The name of the domain and of its guest.
    pub name: &'a str,
    /// The MAC of its one card.
    pub mac: Mac,
    /// Where the card is: `network='NAME'` or `bridge='NAME'`.
    pub source: &'a str,
    /// Whether a Linux boots in it, which takes seconds.
    pub boots: bool,
}

impl Libvirt {
    /// Starts it on the enclosed host, with its network `default`.
    pub(crate) fn start(host: &Namespace, folder: &Path) -> Result<Self, LabError> {
        let enclosed = folder.join("enclosed");
        let configuration = place(&enclosed, "/etc/libvirt");
        let logs = place(&enclosed, "/var/log").join("libvirt/qemu");
        for (path, text) in [
            (configuration.join("qemu.conf"), QEMU_CONF),
            (configuration.join("libvirtd.conf"), LIBVIRTD_CONF),
            (folder.join("default.xml"), DEFAULT_NETWORK),
        ] {
            fs::write(&path, text).map_err(file_error("write", &path))?;
        }
        fs::create_dir_all(&logs).map_err(file_error("make", &logs))?;
        let log = folder.join("libvirtd.log");
        let daemon = Process::start(&mut host.command("libvirtd"), &log)?;
        let mut libvirt = Self { daemon, folder: folder.to_owned(), enclosed };
        wait_until(PATIENCE, "libvirtd serving", || {
            if !libvirt.daemon.is_running()? {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(LabError::Missing(format!("a libvirtd that starts: {said}")));
            }
            Ok(libvirt.virsh(host, &["list"])?.status.success())
        })?;
        libvirt.define_network(host, "default.xml")?;
        libvirt.run(host, &["net-start", "default"])?;
        Ok(libvirt)
    }

    /// Runs `virsh` to its end, whatever its exit status is.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn virsh(&self, host: &Namespace, arguments: &[&str]) -> Result<Finished, LabError> {
        finish(virsh(host).args(arguments))
    }

    /// Runs `virsh` and returns what it prints.
    ///
    /// # Errors
    /// It fails.
    pub fn run(&self, host: &Namespace, arguments: &[&str]) -> Result<String, LabError> {
        run(virsh(host).args(arguments))
    }

    /// Defines the network in this file of the lab's folder.
    ///
    /// # Errors
    /// libvirt refuses it.
    pub fn define_network(&self, host: &Namespace, file: &str) -> Result<(), LabError> {
        let path = self.folder.join(file);
        run(virsh(host).arg("net-define").arg(path)).map(drop)
    }

    /// Defines the domain and does not start it.
    ///
    /// # Errors
    /// libvirt refuses it, or its guest cannot be made.
    pub fn define(&self, host: &Namespace, domain: &Domain<'_>) -> Result<(), LabError> {
        let path = self.folder.join(format!("{}.xml", domain.name));
        let text = self.document(domain)?;
        fs::write(&path, text).map_err(file_error("write", &path))?;
        run(virsh(host).arg("define").arg(&path)).map(drop)
    }

    /// What the domain's serial port has written.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn console(&self, name: &str) -> Result<String, LabError> {
        let path = place(&self.enclosed, "/var/log").join(console(name));
        let bytes = fs::read(&path).map_err(file_error("read", path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until the domain's console reports a lease of this address.
    ///
    /// # Errors
    /// That does not happen within [`PATIENCE`].
    pub fn wait_for_lease(&self, name: &str, address: Ipv4Addr) -> Result<(), LabError> {
        self.wait_for_console(name, &format!("lease of {address} obtained"))
    }

    /// Waits until the domain's console contains this text.
    ///
    /// # Errors
    /// That does not happen within [`PATIENCE`].
    pub fn wait_for_console(&self, name: &str, text: &str) -> Result<(), LabError> {
        let what = format!("{name} writing `{text}` to its console");
        wait_until(PATIENCE, &what, || Ok(self.console(name)?.contains(text)))
    }

    fn document(&self, domain: &Domain<'_>) -> Result<String, LabError> {
        let Domain { name, mac, source, boots } = domain;
        let kind = source.split('=').next().unwrap_or_default();
        let mut text = format!(
            "<domain type='qemu'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>\
             <os><type arch='x86_64' machine='q35'>hvm</type>"
        );
        if *boots {
            let kernel = guest_kernel()?;
            let initramfs = initramfs::build(&kernel, &self.folder, false)?;
            // A string takes any number of characters.
            _ = write!(
                text,
                "<kernel>{}</kernel><initrd>{}</initrd>\
                 <cmdline>console=ttyS0 guest={name} no_timer_check</cmdline>",
                kernel.image.display(),
                initramfs.display()
            );
        }
        _ = write!(
            text,
            "</os><features><acpi/></features><cpu mode='maximum'/><devices>\
             <interface type='{kind}'><mac address='{mac}'/><source {source}/>\
             <model type='virtio'/></interface>\
             <serial type='file'><source path='/var/log/{}'/></serial>\
             <memballoon model='none'/></devices></domain>",
            console(name)
        );
        Ok(text)
    }
}

fn virsh(host: &Namespace) -> Command {
    let mut command = host.command("virsh");
    command.args(["--connect", "qemu:///system", "--quiet"]);
    command
}

/// The log of a domain's serial port, below `/var/log`.
fn console(name: &str) -> String {
    format!("libvirt/qemu/{name}-console.log")
}
