//! What a process does, as far as its seals differ.

use std::os::fd::OwnedFd;
#[cfg(target_os = "linux")]
use std::path::Path;

/// What a process does.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "all seals are the same here"))]
pub(crate) enum Role<'a> {
    /// It loads this library.
    Library(Option<&'a OwnedFd>),
    /// It talks with a program that it has started.
    Interpreter,
    /// It becomes a program.
    #[cfg(target_os = "linux")]
    Program(Runtime<'a>),
}

/// What a program is run by.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
pub(crate) struct Runtime<'a> {
    /// Path of the interpreter, if there is one.
    pub(crate) interpreter: Option<&'a Path>,
    /// The dynamic loader that the machine code names.
    pub(crate) loader: Option<&'a Path>,
}
