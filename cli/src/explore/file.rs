use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tidings_protocol::Digest;
use tidings_sim::explore::Saved;

use crate::Error;

/// A search that was stopped before its end, as it is kept in a file: a line that says what the file is, this as postcard, and a checksum of both.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Which protocol was explored, by its name in the table.
    pub(super) protocol: String,
    /// Which rule was broken.
    pub(super) broken: Option<String>,
    pub(super) saved: Saved,
}

/// The first line. Its number changes with anything that a search depends on.
const TITLE: &[u8] = b"tidings exploration 2\n";

/// The bytes of the checksum at the end: the 128 bits of a [`Digest`].
const SUM: usize = 16;

/// Writes a search to a new file, which takes the place of an old one only once it is whole.
///
/// # Errors
/// What the operating system says.
pub(super) fn write(path: &Path, kept: &Kept) -> Result<(), Error> {
    let io_error = |why: &io::Error| Error::io(path, why);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let file = NamedTempFile::new_in(folder).map_err(|why| io_error(&why))?;
    let mut out = Summing { inner: BufWriter::new(file), sum: Sum::default() };
    out.write_all(TITLE).map_err(|why| io_error(&why))?;
    let mut out = postcard::to_io(kept, out).map_err(|why| Error::Exploration { path: path.to_owned(), why: why.to_string() })?;
    let sum = out.sum.finish();
    out.inner.write_all(&sum).map_err(|why| io_error(&why))?;
    let file = out.inner.into_inner().map_err(|why| io_error(why.error()))?;
    file.as_file().sync_all().map_err(|why| io_error(&why))?;
    file.persist(path).map_err(|why| io_error(&why.error))?;
    Ok(())
}

/// Reads a search. A file of n bytes takes O(n) memory, whatever is in it.
///
/// # Errors
/// [`Error::Io`], or [`Error::Exploration`] if the file is none that [`write`] wrote, or is damaged.
pub(super) fn read(path: &Path) -> Result<Kept, Error> {
    let io_error = |why: io::Error| Error::io(path, &why);
    let wrong = |why: &str| Error::Exploration { path: path.to_owned(), why: why.to_owned() };
    let bytes = std::fs::metadata(path).map_err(io_error)?.len();
    let summed = bytes
        .checked_sub(SUM as u64)
        .filter(|summed| *summed >= TITLE.len() as u64)
        .ok_or_else(|| wrong("it is too short to be a kept search"))?;
    let open = || File::open(path).map(BufReader::new).map_err(io_error);

    let mut file = open()?;
    let mut title = [0; TITLE.len()];
    file.read_exact(&mut title).map_err(io_error)?;
    if title != TITLE {
        return Err(wrong("it is no search that this version of the program has kept"));
    }
    let mut sum = Sum::default();
    sum.add(&title);
    let (mut left, mut buffer) = (summed - TITLE.len() as u64, [0; 1 << 16]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        file.read_exact(&mut buffer[..most]).map_err(io_error)?;
        sum.add(&buffer[..most]);
        left -= most as u64;
    }
    let mut expected = [0; SUM];
    file.read_exact(&mut expected).map_err(io_error)?;
    if expected != sum.finish() {
        return Err(wrong("it is damaged: its checksum does not fit"));
    }

    let mut file = open()?;
    file.read_exact(&mut title).map_err(io_error)?;
    // Names are read into the buffer, numbers are not.
    let (kept, (mut rest, _)) =
        postcard::from_io((file.take(summed - TITLE.len() as u64), &mut buffer)).map_err(|_| wrong("it holds no kept search"))?;
    if rest.read(&mut [0]).map_err(io_error)? > 0 {
        return Err(wrong("it goes on after its end"));
    }
    Ok(kept)
}

/// Sums up what is written.
struct Summing<W> {
    inner: W,
    sum: Sum,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A checksum: the digest of all bytes, eight at a time, and of how many there are. In however many pieces they come, it is the same.
#[derive(Default)]
struct Sum {
    digest: Digest<'static>,
    word: [u8; 8],
    bytes: u64,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let place = (self.bytes % 8) as usize;
            self.word[place] = *byte;
            self.bytes += 1;
            if place == 7 {
                self.digest.number(u64::from_le_bytes(self.word));
            }
        }
    }

    fn finish(&self) -> [u8; SUM] {
        let mut digest = self.digest.clone();
        let rest = (self.bytes % 8) as usize;
        self.word[..rest].iter().for_each(|byte| digest.number(u64::from(*byte)));
        digest.number(self.bytes);
        digest.finish().to_le_bytes()
    }
}
