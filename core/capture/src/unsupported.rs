//! Systems without packet sockets.

use std::{convert::Infallible, os::fd::OwnedFd, time::Instant};

use crate::{CaptureError, Counts, Frame};

/// A capture, which cannot be had on this system.
#[derive(Debug)]
pub struct Capture(Infallible);

impl Capture {
    /// Always [`CaptureError::Unsupported`].
    pub fn open(interface: &str, _ring_bytes: usize) -> Result<Self, CaptureError> {
        Err(CaptureError::Unsupported { interface: interface.to_owned() })
    }

    /// Cannot be reached.
    pub fn next(&mut self, _deadline: Instant) -> Result<Option<Frame<'_>>, CaptureError> {
        match self.0 {}
    }

    /// Cannot be reached.
    pub fn send(&self, _frame: &[u8]) -> Result<(), CaptureError> {
        match self.0 {}
    }

    /// Cannot be reached.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        match self.0 {}
    }
}

/// Always [`CaptureError::Unsupported`].
pub fn open_arp_socket(interface: &str) -> Result<OwnedFd, CaptureError> {
    Err(CaptureError::Unsupported { interface: interface.to_owned() })
}
