//! stage

pub mod artifacts;
pub mod build_ids;
pub mod sections;

#[derive(Debug)]
pub struct Comparison {}
