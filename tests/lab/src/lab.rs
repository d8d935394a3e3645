//! The lab's interface for tests.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    Finished, Guest, GuestKind, GuestPlan, LabError, Namespace, PATIENCE, Process, Router, Stage,
    capture::capture,
    command::finish,
    data_directory::{DataDirectory, MachineFiles},
    error::file_error,
    folder::Folder,
    guest_kernel, initramfs,
    kernel::kernel_cache,
    libvirt::Libvirt,
    mounts::Mounts,
    names::{LabName, ROOT, remove_orphans},
    qemu::{self, Machine},
    requirements::{LIBVIRT_REQUIREMENTS, REQUIREMENTS, require},
    slot::{Load, Slot},
    topology::{Topology, cable},
    wait_until, wired,
};

/// A part of `vm`'s configuration with longer time limits, so that a busy computer does not look like a
/// silent guest. Less than the 3 s after which a host gives up on a silent address.
const PATIENT: &str = "[plugins]\nssh.timeout_ms = 2000\nssh-key.timeout_ms = 2000\n\
     icmp.timeout_ms = 2000\ndns.timeout_ms = 2000\n";
/// Deadline of a plugin's call in seconds, more than several of those waits.
const CALL: &str = "10";

/// Router, access point and host with their programs. Fields are in the order of their end.
#[derive(Debug)]
pub struct Lab {
    router: Router,
    _capture: Process,
    topology: Topology,
    data: DataDirectory,
    stage: Stage,
    guests: u32,
    mounts: Mounts,
    folder: Folder,
    slot: Slot,
    /// Whether `vm` gets longer time limits.
    patient: bool,
    /// Whether `vm` lists machines of all managers.
    all_managers: bool,
}

impl Lab {
    /// Builds the lab: the router serves DHCP, the host has its address and no guests.
    ///
    /// # Errors
    /// [`LabError::Missing`] where labs cannot be built, another when building fails.
    pub fn new(test: &str) -> Result<Self, LabError> {
        Self::with(Stage::find()?, test)
    }

    /// The same with this `vm` to be tested.
    ///
    /// # Errors
    /// As [`Lab::new`].
    pub fn with(stage: Stage, test: &str) -> Result<Self, LabError> {
        require(REQUIREMENTS)?;
        let slot = Slot::take(Load::Network)?;
        remove_orphans()?;
        let name = LabName::new();
        let folder = Folder::new(&name, test)?;
        let data = DataDirectory::new(folder.path().join("data"))?;
        let topology = Topology::new(&name)?;
        let capture = capture(&topology.host, "en0", folder.path())?;
        let mut router = Router::new(folder.path().join("router"))?;
        router.start_dhcp(&topology.router)?;
        let mounts = Mounts::default();
        let lab = Self {
            router,
            _capture: capture,
            topology,
            data,
            stage,
            guests: 0,
            mounts,
            folder,
            slot,
            patient: true,
            all_managers: false,
        };
        lab.configure("")?;
        Ok(lab)
    }

    /// Lets the host's programs that are started from now on see each other alone, and files of managers
    /// that belong to the lab: for tests of what lists all machines of a computer. Process numbers inside
    /// are other ones than outside.
    ///
    /// # Errors
    /// The namespaces cannot be made.
    pub fn enclose(&mut self) -> Result<(), LabError> {
        let folder = self.folder.path().join("enclosed");
        fs::create_dir_all(&folder).map_err(file_error("make", &folder))?;
        let stage = self.stage.real_prefix()?;
        self.all_managers = true;
        self.topology.host.enclose(&folder, &[Path::new(ROOT), &kernel_cache(), &stage])
    }

    /// Starts libvirt on the enclosed host, with its usual network `default`.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_libvirt(&mut self) -> Result<Libvirt, LabError> {
        require(LIBVIRT_REQUIREMENTS)?;
        self.slot.change_to(Load::Emulation)?;
        self.enclose()?;
        Libvirt::start(self.host(), self.folder.path())
    }

    /// The host's vm-toolkit data directory.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The host's namespace.
    pub fn host(&self) -> &Namespace {
        &self.topology.host
    }

    /// The access point's namespace.
    pub fn access_point(&self) -> &Namespace {
        &self.topology.air
    }

    /// The router's namespace.
    pub fn router_host(&self) -> &Namespace {
        &self.topology.router
    }

    /// The lab's own folder, for files of a test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Shows this file or folder to `vm` in place of the host's.
    pub fn mount(&mut self, source: &Path, target: &'static str) {
        self.mounts.add(source, target);
    }

    /// The router: leases and reservations.
    pub fn router(&mut self) -> &mut Router {
        &mut self.router
    }

    /// Adds another host to the bridge: a namespace whose `eth0` is connected to this port of `br0`.
    ///
    /// # Errors
    /// `ip` fails, for example because the port exists.
    pub fn join(&self, role: &str, port: &str) -> Result<Namespace, LabError> {
        let namespace = Namespace::new(format!("{}-{role}", self.host().name()))?;
        cable(self.host(), port, "br0", &namespace, "eth0")?;
        Ok(namespace)
    }

    /// Makes, registers and starts a guest.
    ///
    /// # Errors
    /// A part of it cannot be made or started.
    pub fn start(&mut self, plan: &GuestPlan) -> Result<Guest, LabError> {
        let mac = plan.mac();
        let files = self.data.register(&plan.name, mac)?;
        files.create(mac)?;
        self.guests += 1;
        match plan.kind {
            GuestKind::Machine => self.start_machine(plan, files),
            GuestKind::Namespace => self.start_namespace(plan, files),
            GuestKind::Process => self.start_process(plan, files),
            GuestKind::Wired => {
                let tap = format!("tap{}", self.guests);
                wired::start(self.host(), self.folder(), plan, files, &tap)
            }
        }
    }

    /// Starts a guest for which the router reserves this address, and waits until it has the address and
    /// answers there.
    ///
    /// # Errors
    /// As of [`Lab::start`]; the guest does not answer there in time.
    pub fn start_at(&mut self, plan: &GuestPlan, address: Ipv4Addr) -> Result<Guest, LabError> {
        self.router().reserve(plan.mac(), address)?;
        let guest = self.start(plan)?;
        self.wait_for_lease(&guest, address)?;
        self.greet(address)?;
        Ok(guest)
    }

    /// Registers a VM without making it.
    ///
    /// # Errors
    /// The registry cannot be written.
    pub fn register(&mut self, plan: &GuestPlan) -> Result<(), LabError> {
        self.data.register(&plan.name, plan.mac()).map(drop)
    }

    /// Sets the user that a registered VM is entered as.
    ///
    /// # Errors
    /// The registry cannot be written.
    pub fn log_in_as(&mut self, name: &str, user: &str) -> Result<(), LabError> {
        self.data.set_user(name, user)
    }

    /// Waits until the router has leased this address to the guest and its console reports it.
    ///
    /// # Errors
    /// That does not happen within [`PATIENCE`].
    pub fn wait_for_lease(&self, guest: &Guest, address: Ipv4Addr) -> Result<(), LabError> {
        let what = format!("{} getting {address}", guest.plan.name);
        wait_until(PATIENCE, &what, || {
            Ok(self.router.lease(guest.mac())? == Some(address) && guest.says_it_has(address)?)
        })
    }

    /// Exchanges packets between the host and the address, so that the host's ARP table knows it.
    ///
    /// # Errors
    /// When the address does not answer.
    pub fn greet(&self, address: Ipv4Addr) -> Result<(), LabError> {
        wait_until(PATIENCE, &format!("an answer of {address}"), || {
            let mut ping = self.host().command("busybox");
            ping.args(["ping", "-q", "-c", "1", "-W", "1", &address.to_string()]);
            Ok(finish(&mut ping)?.status.success())
        })
    }

    /// Waits for the right to emulate processors: for tests whose machines `vm` starts.
    ///
    /// # Errors
    /// Other labs do not end.
    pub fn expect_emulation(&mut self) -> Result<(), LabError> {
        self.slot.change_to(Load::Emulation)
    }

    /// Runs `vm` with its default time limits, as users do.
    pub fn use_defaults(&mut self) {
        self.patient = false;
    }

    /// Adds tables to the configuration of `vm`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn configure(&self, tables: &str) -> Result<(), LabError> {
        let path = self.config();
        fs::write(&path, format!("{PATIENT}{tables}")).map_err(file_error("write", path))
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("vm.toml")
    }

    /// QEMU's arguments that boot the lab's Linux as a guest of this name, without a network.
    ///
    /// # Errors
    /// Its kernel or its initramfs cannot be made.
    pub fn linux(&self, guest: &str) -> Result<Vec<String>, LabError> {
        let kernel = guest_kernel()?;
        let initramfs = initramfs::build(&kernel, self.folder.path(), false)?;
        let files = [kernel.image, initramfs].map(|path| path.display().to_string());
        let [kernel, initramfs] = files;
        let words = format!("console=ttyS0 guest={guest} no_timer_check");
        let arguments = ["-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", "256"];
        let arguments = arguments.into_iter().map(str::to_owned);
        let boot = ["-kernel".into(), kernel, "-initrd".into(), initramfs, "-append".into(), words];
        Ok(arguments.chain(boot).collect())
    }

    /// The staged `vm` program.
    pub fn vm_path(&self) -> PathBuf {
        self.stage.vm()
    }

    /// The staged `vm`, as a command in the host's namespace on the host's data directory.
    pub fn vm_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.mounts.command(self.host(), &self.stage.vm());
        if self.patient {
            command.args(["--timeout", CALL, "--config"]).arg(self.config());
        }
        if !self.all_managers {
            // Processes of other tests are machines of this computer as well.
            command.args(["--manager", "vm-toolkit"]);
        }
        command.arg("--data-dir").arg(self.data_dir()).args(arguments);
        // Hide the VMs and settings of the person who runs the tests.
        for variable in ["VM_PROJECT_DIR", "VM_BASE_DIR", "SUDO_USER", "SUDO_UID", "SUDO_GID"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state"));
        command
    }

    /// Runs `vm` with these arguments to its end, whatever its exit status is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn vm(&self, arguments: &[&str]) -> Result<Finished, LabError> {
        finish(&mut self.vm_command(arguments))
    }

    /// A VM's entry in `vm status --json`.
    ///
    /// # Panics
    /// The output is not JSON or lacks the VM.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn status(&self, name: &str) -> Result<Value, LabError> {
        let finished = self.vm(&["status", "--json"])?;
        let report: Value = match serde_json::from_str(&finished.stdout) {
            Ok(report) => report,
            Err(error) => panic!("vm status --json printed no JSON ({error}): {finished:#?}"),
        };
        let machines = report["vms"].as_array().into_iter().flatten();
        let found = machines.into_iter().find(|machine| machine["name"] == name).cloned();
        Ok(found.unwrap_or_else(|| panic!("vm status --json has no {name}: {report:#}")))
    }

    fn start_machine(&mut self, plan: &GuestPlan, files: MachineFiles) -> Result<Guest, LabError> {
        self.slot.change_to(Load::Emulation)?;
        let kernel = guest_kernel()?;
        let initramfs = initramfs::build(&kernel, self.folder.path(), plan.containers)?;
        let tap = format!("tap{}", self.guests);
        let machine = Machine::Linux { kernel: &kernel, initramfs: &initramfs, tap: &tap };
        let qemu = qemu::start(self.host(), &files, plan, plan.mac(), &machine)?;
        Ok(Guest::bare(plan, files, qemu))
    }

    fn start_process(&self, plan: &GuestPlan, files: MachineFiles) -> Result<Guest, LabError> {
        let qemu = qemu::start(self.host(), &files, plan, plan.mac(), &Machine::Empty)?;
        Ok(Guest::bare(plan, files, qemu))
    }

    fn start_namespace(&self, plan: &GuestPlan, files: MachineFiles) -> Result<Guest, LabError> {
        let namespace = self.join(&plan.name, &format!("tap{}", self.guests))?;
        namespace.ip(&format!("link set eth0 address {}", plan.mac()))?;
        let Guest { qemu, .. } = self.start_process(plan, files.clone())?;
        let console = files.console();
        // The kernel's first line, where the console signal sees the start of a boot.
        fs::write(&console, "[    0.000000] Linux version 6.1.0-lab\n")
            .map_err(file_error("write", &console))?;
        let mut programs = Vec::new();
        if plan.ssh {
            let mut server = namespace.command("busybox");
            let banner = initramfs::banner_script(self.folder.path())?;
            server.args(["nc", "-ll", "-p", "22", "-e"]).arg(banner);
            programs.push(Process::start(&mut server, &files.folder.join("ssh.log"))?);
        }
        let client = if plan.dhcp {
            let mut client = namespace.command("udhcpc");
            client.args(["-f", "-i", "eth0", "-x", &format!("hostname:{}", plan.name)]);
            if let Some(client_id) = plan.client_id {
                client.args(["-C", "-x", &format!("0x3d:{client_id}")]);
            }
            client.args(["-t", "3", "-T", "1", "-A", "1", "-s"]);
            client.arg(initramfs::udhcpc_script(self.folder.path())?);
            Some(Process::start(&mut client, &console)?)
        } else {
            None
        };
        let namespace = Some(namespace);
        Ok(Guest { programs, client, namespace, ..Guest::bare(plan, files, qemu) })
    }
}
