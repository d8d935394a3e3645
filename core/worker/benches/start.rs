//! How long the start of a plugin that is a program takes, from the worker's start to the program's answer.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the bench prints its figures")]

#[cfg(target_os = "linux")]
mod here {
    use std::{
        error::Error,
        fs::File,
        io::{Seek as _, Write as _},
        os::{
            fd::{AsFd as _, OwnedFd},
            unix::net::UnixStream,
        },
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    use rustix::fs::{MemfdFlags, memfd_create};
    use vmkit_wire::{
        Account, FromWorker, Load, Needs, Program, Receiver, ToWorker, WIRE_VERSION, send,
    };

    /// Starts for a steady median.
    const STARTS: usize = 51;
    /// How long one start may take on a busy computer.
    const PATIENCE: Duration = Duration::from_mins(1);

    const SHELL: &str = r#"
read -r line
printf '%s\n' '{"type":"ready","protocol":1}'
read -r line
"#;
    const PYTHON: &str = r#"
import json, sys
hello = json.loads(sys.stdin.readline())
print(json.dumps({"type": "ready", "protocol": 1}), flush=True)
sys.stdin.readline()
"#;

    pub(super) fn run() -> Result<(), Box<dyn Error>> {
        let rows: [(&str, &str, &[&str], &str); 3] = [
            ("sh", "/bin/sh", &[], SHELL),
            ("python3 -I -S", "/usr/bin/python3", &["-I", "-S"], PYTHON),
            ("python3", "/usr/bin/python3", &[], PYTHON),
        ];
        for (what, interpreter, arguments, text) in rows {
            if !std::path::Path::new(interpreter).exists() {
                println!("{what}: {interpreter} is missing");
                continue;
            }
            let program = Program {
                file: "program".to_owned(),
                interpreter: Some(interpreter.to_owned()),
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            };
            let mut times = Vec::new();
            for _ in 0..STARTS {
                times.push(start(&program, text)?.as_secs_f64() * 1e3);
            }
            times.sort_by(f64::total_cmp);
            let (median, longest) = (times[STARTS / 2], times[STARTS - 1]);
            println!("start of a {what} plugin: {median:.1} ms, longest {longest:.1}");
        }
        Ok(())
    }

    /// Starts a worker and the program, and ends them.
    fn start(program: &Program, text: &str) -> Result<Duration, Box<dyn Error>> {
        let mut file = File::from(memfd_create(c"program", MemfdFlags::CLOEXEC)?);
        file.write_all(text.as_bytes())?;
        file.rewind()?;
        let interpreter = File::open(program.interpreter.as_deref().unwrap_or_default())?;
        let began = Instant::now();
        let (ours, theirs) = UnixStream::pair()?;
        let mut worker = Command::new(env!("CARGO_BIN_EXE_vm-worker"))
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env_clear()
            .spawn()?;
        let nobody = Account { uid: 65534, gid: 65534 };
        let load = Load {
            wire: WIRE_VERSION,
            configuration: "{}".to_owned(),
            needs: Needs::default(),
            may_run_unconfined: false,
            records: false,
            account: rustix::process::geteuid().is_root().then_some(nobody),
            path: None,
            program: Some(program.clone()),
            log_level: 1,
            host_pid: std::process::id(),
        };
        send(&ours, &ToWorker::Load(load), &[file.as_fd(), interpreter.as_fd()])?;
        let answer = Receiver::default().receive(&ours, Some(began + PATIENCE))?;
        let took = began.elapsed();
        worker.kill()?;
        worker.wait()?;
        match answer {
            FromWorker::Ready { .. } => Ok(took),
            other => Err(format!("{other:?}").into()),
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    here::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("files are passed by descriptors on Linux alone: run it there");
}
