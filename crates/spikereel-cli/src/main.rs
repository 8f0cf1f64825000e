//! The spikereel command.

fn main() {}
