//! report.json, its figures, and the self-contained HTML page drawn from it alone.

#![forbid(unsafe_code)]
