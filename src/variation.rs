//! variations
