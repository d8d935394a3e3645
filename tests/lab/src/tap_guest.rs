//! A guest on a tap whose descriptor its QEMU was given.

use std::{
    net::Ipv4Addr,
    os::fd::{AsRawFd as _, OwnedFd},
    process::Command,
};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::{
    Lab, LabError, Namespace, PATIENCE, Process, command::run, error::file_error, finish,
    initramfs, wait_until,
};

/// A namespace whose card is connected to the tap through a QEMU. The tap ends with the QEMU.
#[derive(Debug)]
pub struct TapGuest {
    _qemu: Process,
    namespace: Namespace,
}

impl Lab {
    /// Starts one of this name, which is unique in the lab and short.
    ///
    /// # Errors
    /// QEMU does not start or does not accept the tap.
    pub fn start_on_tap(&self, name: &str, tap: OwnedFd) -> Result<TapGuest, LabError> {
        let log = self.folder().join(format!("{name}.log"));
        fcntl_setfd(&tap, FdFlags::empty())
            .map_err(|error| file_error("pass", &log)(error.into()))?;
        let inner = format!("{name}-in");
        // Not in the namespaces of an enclosed host, whose first program would outlive this one.
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.host().name(), "qemu-system-x86_64"]);
        command.args(["-display", "none", "-machine", "none", "-nodefaults"]);
        let outer = format!("tap,id=n0,fd={}", tap.as_raw_fd());
        let inside = format!("tap,id=n1,ifname={inner},script=no,downscript=no");
        for (id, cable) in [("n0", outer), ("n1", inside)] {
            command.args(["-netdev", &cable]);
            command.args(["-netdev", &format!("hubport,id=hub-{id},hubid=0,netdev={id}")]);
        }
        let mut qemu = Process::start(&mut command, &log)?;
        drop(tap);
        wait_until(PATIENCE, &format!("the card of {name}"), || {
            if !qemu.is_running()? {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(LabError::Missing(format!("a QEMU that starts: {said}")));
            }
            Ok(self.host().ip(&format!("link show {inner}")).is_ok())
        })?;
        let namespace = Namespace::new(format!("{}-{name}", self.host().name()))?;
        self.host().ip(&format!("link set {inner} netns {} name eth0", namespace.name()))?;
        namespace.ip("link set eth0 up")?;
        Ok(TapGuest { _qemu: qemu, namespace })
    }
}

impl TapGuest {
    /// Its namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Asks for an address by DHCP; `None`: nobody gave one.
    ///
    /// # Errors
    /// The client cannot be run.
    pub fn ask(&self, lab: &Lab) -> Result<Option<Ipv4Addr>, LabError> {
        let mut client = self.namespace.command("udhcpc");
        client.args(["-f", "-n", "-q", "-i", "eth0", "-t", "10", "-T", "1", "-s"]);
        client.arg(initramfs::udhcpc_script(lab.folder())?);
        if !finish(&mut client)?.status.success() {
            return Ok(None);
        }
        let shown =
            run(self.namespace.command("ip").args(["-4", "-o", "address", "show", "eth0"]))?;
        let address = shown.split(" inet ").nth(1).and_then(|rest| rest.split('/').next());
        Ok(address.and_then(|address| address.parse().ok()))
    }

    /// Whether this address answers a ping.
    ///
    /// # Errors
    /// The tool cannot be run.
    pub fn reaches(&self, address: &str) -> Result<bool, LabError> {
        let mut ping = self.namespace.command("busybox");
        Ok(finish(ping.args(["ping", "-q", "-c", "1", "-W", "3", address]))?.status.success())
    }
}
