//! Dockerfiles: stages and their instructions, with places.
//!
//! Source: the Dockerfile reference of BuildKit, syntax 1.19.

mod logical;
mod reader;

use self::logical::Logical;
use self::reader::Reader;
use super::sh::ShellError;
use super::text::{Spot, Text};

/// Instructions of one file that are kept.
const MAX_INSTRUCTIONS: usize = 4096;

/// A Dockerfile as it is written.
#[derive(Debug, Clone, Default)]
pub struct Dockerfile {
    /// Relative to the audited root, with `/`.
    pub path: String,
    /// `ARG` before the first `FROM`.
    pub arguments: Vec<(String, Option<String>)>,
    pub stages: Vec<Stage>,
}

/// What one `FROM` begins.
#[derive(Debug, Clone)]
pub struct Stage {
    pub name: Option<String>,
    /// The image or stage that it starts from, as written.
    pub base: String,
    /// Where `base` is written.
    pub base_at: Spot,
    pub instructions: Vec<Instruction>,
}

#[derive(Debug, Clone)]
pub struct Instruction {
    pub spot: Spot,
    pub what: What,
}

/// What an instruction says.
#[derive(Debug, Clone)]
pub enum What {
    Run(Run),
    Copy(Copy),
    Env(Vec<(String, String)>),
    Arg(Vec<(String, Option<String>)>),
    WorkDir(String),
    User(String),
    /// Whether the shell that `SHELL` names is a POSIX one.
    Shell(bool),
    Other,
}

#[derive(Debug, Clone)]
pub struct Run {
    pub mounts: Vec<Mount>,
    pub script: Text,
    /// Where what is run begins, behind the options.
    pub command_at: Spot,
}

/// `--mount=…` of a `RUN`.
#[derive(Debug, Clone)]
pub struct Mount {
    /// `bind` where none is given.
    pub kind: String,
    pub target: Option<String>,
    /// As written.
    pub text: String,
    pub spot: Spot,
}

/// `COPY` or `ADD`.
#[derive(Debug, Clone)]
pub struct Copy {
    pub sources: Vec<String>,
    pub target: String,
    /// The stage or image that the files come from; `None` for the build context.
    pub from: Option<String>,
}

/// Whether a file of that name is a Dockerfile.
pub(super) fn is_dockerfile(name: &str) -> bool {
    let is = |name: &str| matches!(name, "Dockerfile" | "Containerfile");
    let ignored =
        name.ends_with(".dockerignore") || name.ends_with(".tmpl") || name.ends_with(".md");
    !ignored
        && (is(name)
            || name.ends_with(".Dockerfile")
            || name.ends_with(".dockerfile")
            || name.split_once('.').is_some_and(|(start, _)| is(start))
            || name.split_once('-').is_some_and(|(start, _)| is(start)))
}

/// Reads a Dockerfile.
pub(super) fn parse(path: &str, text: &str) -> Result<Dockerfile, ShellError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(path, text);
    let mut file = Dockerfile { path: path.to_owned(), ..Dockerfile::default() };
    let mut count = 0_usize;
    while let Some(logical) = reader.instruction()? {
        count = count.saturating_add(1);
        if count > MAX_INSTRUCTIONS {
            break;
        }
        let (name, rest) = logical.name();
        if name == "FROM" {
            file.stages.push(stage(&rest));
            continue;
        }
        let what = reader.what(&name, &rest)?;
        match (file.stages.last_mut(), what) {
            (Some(stage), what) => {
                stage.instructions.push(Instruction { spot: logical.spot, what });
            }
            (None, What::Arg(arguments)) => file.arguments.extend(arguments),
            (None, _) => {}
        }
    }
    Ok(file)
}

fn stage(rest: &Logical) -> Stage {
    let (_, rest) = rest.options();
    let words = rest.words();
    let (base, base_at) = words.first().cloned().unwrap_or((String::new(), rest.spot.clone()));
    let name = match words.as_slice() {
        [_, (word, _), (name, _), ..] if word.eq_ignore_ascii_case("as") => {
            Some(name.to_ascii_lowercase())
        }
        _ => None,
    };
    Stage { name, base, base_at, instructions: Vec::new() }
}
