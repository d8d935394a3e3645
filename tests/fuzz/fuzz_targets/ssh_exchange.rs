//! All that an SSH server sends until its proof.

#![cfg_attr(fuzzing, no_main)]

use vmkit_ssh::Exchange;

fn read(bytes: &[u8]) {
    let mut exchange = Exchange::new(&[]).expect("random numbers");
    // A proof is none unless it signs this side's random numbers.
    let proven = exchange.receive(bytes);
    assert!(!matches!(proven, Ok(Some(_))), "a proof out of the air");
}

vmkit_fuzz::target!();
