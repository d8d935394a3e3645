//! The life of machines that `vm` makes: created, started on both networks, reached by SSH, cloned, stopped,
//! killed and destroyed, each a real guest under emulation.
#![cfg(target_os = "linux")]

mod apart;
mod clones;
mod crowd;
mod debian;
mod life;
mod shared;
mod site;
