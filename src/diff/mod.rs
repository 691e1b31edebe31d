//! stage

#[derive(Debug)]
pub struct Comparison {}
