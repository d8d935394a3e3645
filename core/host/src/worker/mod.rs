//! One worker process: start it, ask it, end it.

mod advise;
mod call;
mod converse;
mod end;
mod list;
mod observe;
mod process;

pub(crate) use call::{Call, Received};
pub(crate) use end::End;
pub(crate) use list::{ListCall, MOST_MACHINES};
pub(crate) use process::Worker;
