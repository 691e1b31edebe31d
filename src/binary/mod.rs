//! What an executable says of itself: format, sections, build ID, build info. Bytes in, values out.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use serde::{Deserialize, Serialize};

/// What an executable says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSummary {}
