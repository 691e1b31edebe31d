//! Readers of the formats that Go itself writes. Text or bytes in, values out; no I/O.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod build_id;
pub mod build_info;
pub mod mod_info;
pub mod quote;
