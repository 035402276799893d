use tidings_protocol::Payload;

use super::{Replica, SyncLimits, SyncRefused};

/// A replica within its limits.
#[derive(Clone, Debug)]
pub(super) struct Held<R> {
    replica: R,
    /// Not less than the bytes of the replica: the sum of what was counted last and what came since, so that counting is rare.
    bytes_at_most: usize,
    limits: SyncLimits,
}

impl<R: Replica> Held<R> {
    pub(super) fn new(replica: R, limits: SyncLimits) -> Self {
        let bytes_at_most = replica.bytes();
        Self { replica, bytes_at_most, limits }
    }

    pub(super) const fn replica(&self) -> &R {
        &self.replica
    }

    pub(super) const fn limits(&self) -> SyncLimits {
        self.limits
    }

    /// What of `delta` is news and has room. `limit` is that of the delta itself.
    ///
    /// O(delta), and O(state) where the sum of what came reaches the limit and must be counted anew.
    pub(super) fn news(&mut self, delta: &R::Delta, limit: usize) -> Result<Option<R::Delta>, SyncRefused<R::Unfit>> {
        let bytes = delta.bytes();
        if bytes > limit {
            return Err(SyncRefused::TooLarge { bytes, limit });
        }
        let Some(news) = self.replica.news(delta).map_err(SyncRefused::Unfit)? else { return Ok(None) };
        let more = news.bytes();
        if self.bytes_at_most.saturating_add(more) > self.limits.state_bytes {
            self.bytes_at_most = self.replica.bytes();
        }
        let bytes = self.bytes_at_most.saturating_add(more);
        if bytes > self.limits.state_bytes {
            return Err(SyncRefused::Full { bytes, limit: self.limits.state_bytes });
        }
        Ok(Some(news))
    }

    /// Takes in what [`news`](Held::news) gave.
    pub(super) fn take(&mut self, news: &R::Delta) {
        self.bytes_at_most = self.bytes_at_most.saturating_add(news.bytes());
        self.replica.take(news);
    }
}
