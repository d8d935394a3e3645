//! Answers per second of one core. The server's thread has the core to itself; the client runs on
//! another and keeps some queries in flight. `cargo bench -p vmkit-dns`.

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use hickory_server::proto::{
    op::{Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use vmkit_dns::{Listening, Zone, Zones};

/// Keeps both sides busy, and fits into a socket's buffer.
const IN_FLIGHT: u32 = 32;
const QUESTIONS: u32 = 200_000;
/// Ends the wait for a lost reply.
const DEADLINE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machines: Vec<_> = (0..1000).map(|number| format!("vm{number}")).collect();
    let address = ["192.168.77.50".parse()?];
    let named = machines.iter().map(|name| (name.as_str(), Some(address.to_vec())));
    let good_until = Instant::now() + Duration::from_mins(10);
    let zone = Zone::new("vm.test".parse()?, named, good_until, 5);
    let listening = Listening::at("127.0.0.1:0".parse()?)?;
    let server = listening.address();
    let _events = listening.serve(Zones::new(zone))?;

    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    let mut message = Message::new(1, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii("vm500.vm.test.")?, RecordType::A));
    let question = message.to_vec()?;
    for _ in 0..IN_FLIGHT {
        socket.send(&question)?;
    }
    let before = server_time()?;
    let began = Instant::now();
    let mut buffer = [0; 512];
    for _ in 0..QUESTIONS {
        socket.recv(&mut buffer)?;
        socket.send(&question)?;
    }
    let (wall, busy) = (began.elapsed(), server_time()?.saturating_sub(before));
    let rate = |time: Duration| f64::from(QUESTIONS) / time.as_secs_f64();
    report("answers a second", rate(wall));
    report("answers a second of the server's processor time", rate(busy));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of a bench")]
fn report(what: &str, rate: f64) {
    println!("{what} {rate:.0}");
}

/// The processor time of the server's thread: its ticks in `/proc`, 100 a second.
#[cfg(target_os = "linux")]
fn server_time() -> std::io::Result<Duration> {
    let is_server = |task: &std::path::Path| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == "dns")
    };
    let tasks = std::fs::read_dir("/proc/self/task")?.filter_map(|entry| Some(entry.ok()?.path()));
    let task = tasks.into_iter().find(|task| is_server(task));
    let task = task.ok_or_else(|| std::io::Error::other("there is no thread of the server"))?;
    let stat = std::fs::read_to_string(task.join("stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Elsewhere that of a whole core is taken.
#[cfg(not(target_os = "linux"))]
fn server_time() -> std::io::Result<Duration> {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    Ok(START.get_or_init(Instant::now).elapsed())
}
