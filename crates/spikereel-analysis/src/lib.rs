//! Scores, statistics and studies: numbers from a dataset and a decoder.

#![forbid(unsafe_code)]
