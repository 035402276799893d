//! The files that a replay leaves: `run.json`, and `run.shiviz.log` for ShiViz.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tidings_trace::{Event, What, shiviz};

use crate::{Error, Outcome, Recording, checks};

/// Where a replay's files were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The report.
    pub report: PathBuf,
    /// The log that ShiViz loads.
    pub log: PathBuf,
}

/// Writes `run.json` and `run.shiviz.log` into `directory`, which is made if it is not there.
///
/// Both are written beside their places first and moved there when they are whole, so that nobody ever sees half of one.
///
/// # Errors
/// [`Error::Io`] says where; then neither file has changed, but for a report whose log could not be moved after it.
pub fn write(directory: &Path, outcome: &Outcome) -> Result<Written, Error> {
    let Outcome { report, trace, recording } = outcome;
    let failed = |why: &io::Error| Error::io(directory, why);
    std::fs::create_dir_all(directory).map_err(|why| failed(&why))?;
    let written = Written { report: directory.join("run.json"), log: directory.join("run.shiviz.log") };
    let json = whole(directory, |out| {
        serde_json::to_writer_pretty(&mut *out, report)?;
        out.write_all(b"\n")
    })?;
    let log = whole(directory, |out| {
        let mut out = Text { out, failed: None };
        let shown = shiviz::write_as(trace, |rank| rank.to_string(), |_, event| describe(event, recording), &mut out);
        match (out.failed, shown) {
            (Some(why), _) => Err(why),
            (None, Err(why)) => Err(io::Error::other(why)),
            (None, Ok(())) => Ok(()),
        }
    })?;
    json.persist(&written.report).map_err(|why| Error::io(&written.report, &why.error))?;
    log.persist(&written.log).map_err(|why| Error::io(&written.log, &why.error))?;
    Ok(written)
}

/// What happened, to which commit or transaction, and when.
fn describe(event: &Event, recording: &Recording) -> String {
    let mut text = String::with_capacity(80);
    let named = match event.what {
        What::Broadcast(id) | What::Deliver(id) => checks::event(recording, id),
        _ => None,
    };
    let written = match named {
        Some(named) => write!(text, "{} ({}) at {}", event.what, recording.name(named), event.time),
        None => write!(text, "{} at {}", event.what, event.time),
    };
    written.expect("a string takes all");
    text
}

/// A file that is whole, and not yet in its place.
fn whole(directory: &Path, write: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>) -> Result<NamedTempFile, Error> {
    let failed = |why: io::Error| Error::io(directory, &why);
    let mut file = tempfile::Builder::new().prefix(".run-").tempfile_in(directory).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 16, &mut file);
    write(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    #[cfg(unix)]
    {
        // A temporary file is its maker's alone; a result is for whoever may read the directory.
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
    }
    Ok(file)
}

/// An output of bytes as one of text, which remembers why it failed.
struct Text<'o, W> {
    out: &'o mut W,
    failed: Option<io::Error>,
}

impl<W: Write> fmt::Write for Text<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|why| {
            self.failed = Some(why);
            fmt::Error
        })
    }
}
