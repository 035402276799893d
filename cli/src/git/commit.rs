use super::ObjectId;

/// What of a commit is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The tree it recorded.
    pub tree: ObjectId,
    /// When its committer's clock said it was made, in seconds since 1970; `None` if the object has no number there.
    pub committed: Option<i64>,
}

impl Commit {
    /// Reads a commit object's headers; `None` if it names no tree.
    #[must_use]
    pub fn parse(object: &[u8]) -> Option<Self> {
        let mut tree = None;
        let mut committed = None;
        for line in object.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty()) {
            if let Some(id) = line.strip_prefix(b"tree ") {
                tree = tree.or(ObjectId::from_hex(id));
            } else if let Some(committer) = line.strip_prefix(b"committer ") {
                committed = committed.or_else(|| seconds(committer));
            }
        }
        Some(Self { tree: tree?, committed })
    }
}

/// The number after the mail address: `Name <address> seconds zone`.
fn seconds(person: &[u8]) -> Option<i64> {
    let after = person.rsplit(|&byte| byte == b'>').next()?;
    let digits = after.trim_ascii().split(|&byte| byte == b' ').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";

    #[test]
    fn the_committer_time_is_read_not_the_author_time() {
        let object = format!(
            "{TREE}parent {p}\nauthor A <a@b> 7 +0100\ncommitter > odd < <a@b> 1700000000 -0230\ngpgsig x\n y\n\ncommitter C <c> 9 +0000\n",
            p = "0".repeat(40)
        );
        let commit = Commit::parse(object.as_bytes()).unwrap();
        assert_eq!(commit.committed, Some(1_700_000_000));
        assert_eq!(commit.tree.to_string(), TREE[5..45]);
    }

    #[test]
    fn a_broken_time_is_no_time_and_a_missing_tree_no_commit() {
        assert_eq!(Commit::parse(format!("{TREE}committer C <c> soon\n\n").as_bytes()).unwrap().committed, None);
        assert_eq!(Commit::parse(format!("{TREE}\n").as_bytes()).unwrap().committed, None);
        assert_eq!(Commit::parse(b"committer C <c> 1 +0000\n\ntree later"), None);
    }
}
