//! Time of both looks at the kernel's own table, in a network namespace that this fills. The product
//! promises 10 ms of a whole run for 10,000 neighbours.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        error::Error,
        fmt::Write as _,
        io::Write as _,
        net::{IpAddr, Ipv4Addr},
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    use signal_arp::Arp;
    use vmkit_plugin::{Mac, Stage, Subject};
    use vmkit_testkit::{FakeHost, Made};

    /// Set in the process that runs inside the namespace.
    const INSIDE: &str = "VMKIT_BENCH_INSIDE_NAMESPACE";
    /// Numbers of neighbours, each table grown out of the one before.
    const TABLES: [u32; 2] = [10_000, 100_000];
    /// Numbers of machines, each with one candidate.
    const MACHINES: [u32; 2] = [100, 1000];
    /// Enough for a steady median.
    const RUNS: usize = 50;

    pub(super) fn main() -> Result<(), Box<dyn Error>> {
        if std::env::var_os(INSIDE).is_none() {
            let script = r#"ip link add v0 type veth peer name v1 && ip link set v0 up &&
                ip link set v1 up && ip address add 10.0.0.1/8 dev v0 && exec "$0""#;
            let status = Command::new("unshare")
                .args(["--net", "sh", "-c", script])
                .arg(std::env::current_exe()?)
                .env(INSIDE, "1")
                .status()?;
            return if status.success() { Ok(()) } else { Err("no namespace".into()) };
        }
        let mut from = 0;
        for to in TABLES {
            fill(from..to)?;
            from = to;
            for machines in MACHINES {
                measure(to, machines)?;
            }
        }
        Ok(())
    }

    fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 1, 0, 0)) + number)
    }

    fn mac(number: u32) -> Mac {
        let [_, a, b, c] = number.to_be_bytes();
        Mac::new([0x52, 0x54, 0, a, b, c])
    }

    /// Permanent entries, for the kernel drops others beyond its thresholds.
    fn fill(numbers: std::ops::Range<u32>) -> Result<(), Box<dyn Error>> {
        let mut lines = String::new();
        for number in numbers {
            let (address, mac) = (address(number), mac(number));
            writeln!(lines, "neigh replace {address} dev v0 lladdr {mac} nud permanent")?;
        }
        let mut ip = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn()?;
        ip.stdin.take().ok_or("no pipe")?.write_all(lines.as_bytes())?;
        if ip.wait()?.success() { Ok(()) } else { Err("ip -batch failed".into()) }
    }

    fn measure(table: u32, machines: u32) -> Result<(), Box<dyn Error>> {
        let machine = |number: u32| Subject {
            macs: vec![mac(number)],
            candidates: vec![IpAddr::from(address(number))],
            ..Subject::default()
        };
        // Spread over the table.
        let numbers = (0..machines).map(|number| number * (table / machines));
        let candidates: Vec<Subject> = numbers.map(machine).collect();
        let mut asked = candidates.clone();
        for machine in &mut asked {
            machine.candidates.clear();
        }
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let signal = Made::signal::<Arp>("{}");
            first.push(timed(&FakeHost::new(), &signal, &asked)?);
            let host = FakeHost::new().at_stage(Stage::Confirm);
            second.push(timed(&host, &signal, &candidates)?);
        }
        let mut out = std::io::stdout();
        writeln!(out, "{table} neighbours, {machines} machines:")?;
        for (look, mut times) in [("all", first), ("again", second)] {
            times.sort_unstable();
            let (fastest, median) = (times[0], times[RUNS / 2]);
            writeln!(out, "  {look:<6} {median:.2?}, fastest {fastest:.2?}")?;
        }
        Ok(())
    }

    fn timed(host: &FakeHost, made: &Made, vms: &[Subject]) -> Result<Duration, Box<dyn Error>> {
        let began = Instant::now();
        let report = host.ask(made, vms);
        let elapsed = began.elapsed();
        report.result?;
        let (found, expected) = (report.observations.len(), vms.len());
        if found == expected { Ok(elapsed) } else { Err(format!("{found} of {expected}").into()) }
    }
}
