//! Guards and slow checks of the repository.

fn main() {}
