//! Readers of the formats that Go itself writes. Text or bytes in, values out; no I/O.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod action_graph;
pub mod build_id;
pub mod build_info;
pub mod cache_entry;
pub mod cache_protocol;
pub mod flags;
pub mod go_mod;
mod hash_block;
pub mod hash_input;
mod hash_line;
pub mod hash_log;
pub mod inputs;
pub mod mod_info;
pub mod package_name;
pub mod quote;
pub mod rebuild;
pub mod target;
mod test_blocks;
pub mod test_log;
pub mod trusted;
mod untangle;
pub mod variant;
pub mod warm_up;
