//! Recorded editing sessions (josephg/editing-traces, CC BY 4.0).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use serde::Deserialize;

/// Everything that was typed in a session, in an order in which whatever was known comes first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trace {
    /// What the text was in the end.
    pub(super) end_content: String,
    #[serde(rename = "txns")]
    pub(super) edits: Vec<Edit>,
}

/// What one writer did at once, to the text as the edits named by `parents`, and all that those knew, had left it.
#[derive(Debug, Deserialize)]
pub(super) struct Edit {
    /// Who; there is only one in a trace that does not say.
    #[serde(default)]
    pub(super) agent: usize,
    /// Places in the trace; a trace of one writer does not say.
    #[serde(default)]
    pub(super) parents: Vec<usize>,
    pub(super) patches: Vec<Patch>,
}

/// At which character, how many characters were taken away, and what was put there.
#[derive(Debug, Deserialize)]
pub(super) struct Patch(pub(super) usize, pub(super) usize, pub(super) String);

impl Trace {
    /// The trace of this name in the folder `TIDINGS_DATA`; `None`, and a line that says so, if there is no such variable.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn load(name: &str) -> io::Result<Option<Self>> {
        let Some(folder) = std::env::var_os("TIDINGS_DATA") else {
            return Ok(None);
        };
        let file = File::open(Path::new(&folder).join("editing").join(format!("{name}.json.gz")))?;
        let mut json = String::new();
        GzDecoder::new(file).read_to_string(&mut json)?;
        let trace: Self = serde_json::from_str(&json)?;
        Ok(Some(trace))
    }

    /// The trace up to here, for those who would take minutes for the whole. What the text is then, somebody else has to say.
    pub(super) fn prefix(&self, edits: usize) -> &[Edit] {
        &self.edits[..edits.min(self.edits.len())]
    }

    /// How many writers there are.
    pub(super) fn agents(&self) -> usize {
        self.edits.iter().map(|edit| edit.agent + 1).max().unwrap_or(0)
    }
}
