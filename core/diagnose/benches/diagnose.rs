//! Time to diagnose one machine: the design promises well under 10 ms.

fn main() {}
