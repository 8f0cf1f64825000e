//! Networks described as data, and the CPU engine that trains and runs them.

#![forbid(unsafe_code)]
