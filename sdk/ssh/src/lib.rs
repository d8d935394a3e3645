//! The beginning of an SSH connection, up to the server's proof of its host key.
//!
//! A server proves its host key in the fourth message of a connection, before anything is encrypted.
//! So an [`Exchange`] needs no cipher, no authentication and no channel. It does no I/O and reads no
//! clock; the cryptography is that of ring.

#![forbid(unsafe_code)]

mod exchange;
pub mod identification;
mod known_hosts;
mod message;
mod packet;
mod proof;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ring::digest::{SHA256, digest};
use vmkit_types::HostKey;

pub use exchange::{Exchange, ExchangeError};
pub use known_hosts::{find, revoked};

/// The short form of a key that `ssh-keygen -l` shows, such as `SHA256:uNiV…`.
pub fn fingerprint(key: &HostKey) -> String {
    let hash = |blob: Vec<u8>| format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &blob)));
    STANDARD.decode(key.encoded()).map_or_else(|_| "that is not in base64".to_owned(), hash)
}
