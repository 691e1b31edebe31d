//! The steps of a pipeline: scripts, plugins, and the caches that they come with.

use super::cache::is_cache_plugin;
use crate::config::document::Document;
use crate::config::pipeline::{Image, Step, StepKind};
use crate::config::script::{Lines, Script};
use crate::config::variables::Variables;
use crate::config::yaml::NodeId;

/// The steps of one pipeline as they are read.
pub(super) struct Steps<'d, 's> {
    pub document: &'d Document<'s>,
    pub root: NodeId,
    pub owner: String,
    pub steps: Vec<Step>,
}

impl Steps<'_, '_> {
    /// Reads one step with its caches.
    pub(super) fn one(
        &mut self,
        name: Option<&str>,
        number: usize,
        node: NodeId,
        variables: &Variables,
    ) {
        let document = self.document;
        let mut variables = variables.clone();
        variables.extend(document.environment(node, &["environment"]));
        let named = document.find(node, &["image"]);
        let image = named.and_then(|node| document.tree.text(node));
        let name = match name {
            Some(name) => format!(", step \"{}\"", name.trim()),
            None => format!(", step {number}"),
        };
        let value = named.zip(image).map(|(node, image)| Image {
            name: variables.resolve(image),
            place: document.place(node),
        });
        for (place, cache) in self.volumes(node, &variables) {
            let kind = StepKind::Cache(cache);
            self.add(&format!("{name}, volume"), place, value.clone(), kind, Lines::default());
        }
        if let Some(image) = image.filter(|image| is_cache_plugin(image)) {
            for cache in self.plugin(image, node, &variables) {
                self.add(&name, node, None, StepKind::Cache(cache), Lines::default());
            }
            return;
        }
        let Some(commands) = document.find(node, &["commands"]) else {
            let uses = image.unwrap_or_default().to_owned();
            self.add(&name, node, value, StepKind::Other { uses }, Lines::default());
            return;
        };
        let mut script = Script::default();
        match document.tree.items(commands) {
            [] => script.push_line(document, commands),
            items => items.iter().for_each(|item| script.push_line(document, *item)),
        }
        let Script { text, lines } = script;
        self.add(&name, node, value, StepKind::Script { text }, lines);
    }

    pub(super) fn add(
        &mut self,
        what: &str,
        node: NodeId,
        image: Option<Image>,
        kind: StepKind,
        lines: Lines,
    ) {
        let (subject, place) = (format!("{}{what}", self.owner), self.document.place(node));
        self.steps.push(Step {
            subject,
            id: None,
            place,
            is_conditional: false,
            run: lines.into(),
            image,
            kind,
        });
    }
}
