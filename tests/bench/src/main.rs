//! Speed and memory of whole `vm` processes, against vmkit's limits.
//!
//! The VMs are real QEMU processes with real addresses on a bridge.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the program prints a table")]

#[cfg(target_os = "linux")]
mod banner;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod managers;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
#[path = "../../../core/scoring/benches/case/mod.rs"]
mod scoring;
#[cfg(target_os = "linux")]
mod start;
#[cfg(any(target_os = "linux", test))]
mod table;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some(banner::ARGUMENT) {
        return banner::serve();
    }
    println!("{}", table::render(cases::run()?));
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("the measurements need network namespaces: run them on Linux");
}
