//! Everything that an SSH server sends up to its proof.

#![cfg_attr(fuzzing, no_main)]

use vmkit_ssh::Exchange;

fn read(bytes: &[u8]) {
    let mut exchange = Exchange::new(&[]).expect("random numbers");
    // A proof must sign this side's random numbers.
    let proven = exchange.receive(bytes);
    assert!(!matches!(proven, Ok(Some(_))), "a proof without a signature");
}

vmkit_fuzz::target!();
