//! Looks into the files that a build made, for another machine to compare.

use std::fs;
use std::path::Path;

use crate::binary::image::Image;
use crate::capture::CaptureError;
use crate::capture::artifacts::{self, Found};
use crate::evidence::{Artifact, Build, Evidence};

/// Reads the evidence of a finished build, whose artifacts were found.
pub(super) fn of(found: &Found, records: &Path) -> Result<Evidence, CaptureError> {
    let mut looked_into = Vec::new();
    for (artifact, file) in found.artifacts.iter().zip(found.files.values()) {
        // One file at a time is in memory.
        let data =
            fs::read(file).map_err(|source| CaptureError::Read { path: file.clone(), source })?;
        looked_into.push(match Image::parse(&data) {
            Ok(image) => Artifact::of_binary(&image, &artifact.path, &artifact.sha256),
            Err(err) => Artifact {
                notes: vec![err.to_string()],
                ..Artifact::of_file(data.len(), &artifact.path, &artifact.sha256)
            },
        });
    }
    Ok(Evidence::new(looked_into, Build::of_graphs(&artifacts::graphs(records)?)))
}
