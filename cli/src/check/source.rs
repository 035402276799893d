use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::BadLog;
use crate::Error;

/// How large a log may be, once it is unpacked.
const LARGEST: u64 = 1 << 30;

/// The text of a file, unpacked if it is compressed.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let bad = |why| Error::Log { path: path.to_owned(), why };
    let mut packed = Vec::new();
    let file = File::open(path).map_err(|why| Error::io(path, &why))?;
    file.take(LARGEST + 1).read_to_end(&mut packed).map_err(|why| Error::io(path, &why))?;
    unpack(packed).and_then(decode).map_err(bad)
}

fn unpack(packed: Vec<u8>) -> Result<Vec<u8>, BadLog> {
    let bytes = if packed.starts_with(&[0x1f, 0x8b]) {
        let mut bytes = Vec::new();
        let read = MultiGzDecoder::new(packed.as_slice()).take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|why| BadLog::Gzip { why: why.to_string() })?;
        bytes
    } else {
        packed
    };
    if bytes.len() as u64 > LARGEST { Err(BadLog::TooLarge { limit: LARGEST }) } else { Ok(bytes) }
}

fn decode(bytes: Vec<u8>) -> Result<String, BadLog> {
    String::from_utf8(bytes).map_err(|why| {
        let good = String::from_utf8_lossy(&why.as_bytes()[..why.utf8_error().valid_up_to()]).into_owned();
        let last = good.rsplit('\n').next().unwrap_or("");
        BadLog::NotText { line: good.matches('\n').count() + 1, column: last.chars().count() + 1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(decode(b"a\n\xc3\xa9b\xff".to_vec()), Err(BadLog::NotText { line: 2, column: 3 }));
        assert_eq!(decode("a\né".into()), Ok("a\né".into()));
    }
}
