//! How much other traffic a capture bears.
fn main() {}
